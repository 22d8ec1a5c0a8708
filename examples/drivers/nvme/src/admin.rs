//! The admin queue: one command at a time, waited for.

use samara_device_io::Deadline;
use samara_device_io::queue::{Completion, Pair, SubmitError, Tag};
use samara_device_tables::Nvme;

use crate::error::{Fault, InitError};
use crate::registers::{Function, Status};
use crate::status::{self, StatusError};

/// Entries of the admin queues: a whole page of them, since some controllers take no less.
const SIZE: u32 = 64;
/// How long an admin command may take. The specification sets no bound; those used here are all
/// answered from the controller's own memory. One that is retried is for as long.
const MILLIS: u64 = 5_000;

/// The queues themselves.
pub(crate) type Queue = Pair<Nvme, { Nvme::ADMIN }>;

/// The admin queue pair.
pub(crate) struct Admin {
    queue: Queue,
    /// When all that is under way is to be over.
    over: Option<Deadline>,
}

impl Admin {
    pub(crate) fn new(function: &Function) -> Result<Self, InitError> {
        Ok(Self {
            queue: Pair::new(function, 0, SIZE)?,
            over: None,
        })
    }

    /// What follows is to be over by then.
    pub(crate) fn begin(&mut self, over: Deadline) {
        self.over = Some(over);
    }

    /// Enables the controller with these queues; it was reset before.
    pub(crate) fn start(&mut self, function: &Function) -> Result<(), InitError> {
        Ok(self.queue.start(function, 0)?)
    }

    /// Executes the command that `submit` puts. One that the controller fails, and allows to be retried, is: a status that
    /// `is_answer` is what was asked for.
    pub(crate) fn ask(
        &mut self,
        function: &Function,
        mut submit: impl FnMut(&mut Queue) -> Result<Tag, SubmitError>,
        is_answer: impl Fn(StatusError) -> bool,
    ) -> Result<Result<Completion, StatusError>, InitError> {
        let over = function.deadline(MILLIS);
        let mut pause = 1;
        loop {
            let error = match self.once(function, &mut submit)? {
                Ok(completion) => return Ok(Ok(completion)),
                Err(error) => error,
            };
            if is_answer(error) {
                return Ok(Err(error));
            }
            let is_over = over.passed() || self.over.is_some_and(|over| over.passed());
            if error.do_not_retry || is_over {
                return Err(error.into());
            }
            function.deadline(pause).sleep();
            pause *= 2;
        }
    }

    /// The same, for a command that no status is an answer to.
    pub(crate) fn execute(
        &mut self,
        function: &Function,
        submit: impl FnMut(&mut Queue) -> Result<Tag, SubmitError>,
    ) -> Result<Completion, InitError> {
        Ok(self.ask(function, submit, |_| false)??)
    }

    /// Executes a command once.
    fn once(
        &mut self,
        function: &Function,
        submit: impl FnOnce(&mut Queue) -> Result<Tag, SubmitError>,
    ) -> Result<Result<Completion, StatusError>, InitError> {
        let tag = submit(&mut self.queue)?;
        self.queue.ring(function)?;
        let (queue, over) = (&mut self.queue, &self.over);
        let mut answer = None;
        function.deadline(MILLIS).poll(|| {
            answer = queue.next(function).transpose();
            answer.is_some() || over.is_some_and(|over| over.passed())
        });
        let Some(answer) = answer else {
            let absent = Status::read(function).is_absent();
            return Err(if absent {
                Fault::Absent
            } else {
                Fault::Timeout
            }
            .into());
        };
        let completion = answer.map_err(Fault::from)?;
        if completion.tag != tag {
            return Err(Fault::UnknownCommand(completion.tag.value()).into());
        }
        // The completion's room goes back.
        let _ = self.queue.next(function);
        Ok(status::decode(completion.status as u16).map(|()| completion))
    }

    /// Executes Identify with `cns`, whose page [`byte`](Self::byte) and its like read then. A status that `is_answer` isn't retried.
    pub(crate) fn identify(
        &mut self,
        function: &Function,
        (cns, namespace): (u32, u32),
        is_answer: impl Fn(StatusError) -> bool,
    ) -> Result<Result<(), StatusError>, InitError> {
        let words = [namespace, cns, 0, 0, 0, 0, 0];
        let submit = |queue: &mut Queue| queue.submit::<{ Nvme::IDENTIFY }>(function, words);
        let asked = self.ask(function, submit, is_answer)?;
        Ok(asked.map(|_| ()))
    }

    /// Dword `index` of what Identify returned last.
    pub(crate) fn word(&self, function: &Function, index: usize) -> Result<u32, InitError> {
        Ok(self.queue.page(function, index)?)
    }

    /// Byte `at` of what Identify returned last.
    pub(crate) fn byte(&self, function: &Function, at: usize) -> Result<u8, InitError> {
        Ok(self.word(function, at / 4)?.to_le_bytes()[at % 4])
    }
}
