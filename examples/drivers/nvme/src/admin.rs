//! The admin queue. It has one command in flight at a time, and the driver waits for that command.

use samara_device_io::Deadline;
use samara_device_io::queue::{Completion, Pair, SubmitError, Tag};
use samara_device_tables::Nvme;

use crate::error::{Fault, InitError};
use crate::registers::{Function, Status};
use crate::status::{self, StatusError};

/// The number of entries of each admin queue. With this number the submission queue fills a whole page, because some
/// controllers accept no other length (hardware case 6).
const SIZE: u32 = 64;
/// How long an admin command may take. The specification sets no bound. But the controller can answer all the
/// commands used here from its own memory. A command that fails may be retried for the same time.
const MILLIS: u64 = 5_000;

/// The queues themselves.
pub(crate) type Queue = Pair<Nvme, { Nvme::ADMIN }>;

/// The admin queue pair.
pub(crate) struct Admin {
    queue: Queue,
    /// The time by which the commands of the current bring-up or shutdown must be over.
    over: Option<Deadline>,
}

impl Admin {
    pub(crate) fn new(function: &Function) -> Result<Self, InitError> {
        Ok(Self {
            queue: Pair::new(function, 0, SIZE)?,
            over: None,
        })
    }

    /// Sets the time by which the commands that follow must be over.
    pub(crate) fn begin(&mut self, over: Deadline) {
        self.over = Some(over);
    }

    /// Enables the controller, which was reset before, with these queues.
    pub(crate) fn start(&mut self, function: &Function) -> Result<(), InitError> {
        Ok(self.queue.start(function, 0)?)
    }

    /// Executes the command that `submit` puts. If the command fails with a status that `is_answer` accepts, returns
    /// that status as the inner error. If it fails with another status that allows a retry, sends it again, after
    /// growing pauses.
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

    /// Does the same, for a command whose failures are never an answer.
    pub(crate) fn execute(
        &mut self,
        function: &Function,
        submit: impl FnMut(&mut Queue) -> Result<Tag, SubmitError>,
    ) -> Result<Completion, InitError> {
        Ok(self.ask(function, submit, |_| false)??)
    }

    /// Sends a command once, and waits for its completion.
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
        // Gives the room of the completion back to the controller.
        let _ = self.queue.next(function);
        Ok(status::decode(completion.status as u16).map(|()| completion))
    }

    /// Executes Identify with `cns`. Afterwards [`byte`](Self::byte) and [`word`](Self::word) read the page that it
    /// returned. A status that `is_answer` accepts isn't retried, and is the inner error.
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

    /// Returns dword `index` of the page of the last Identify.
    pub(crate) fn word(&self, function: &Function, index: usize) -> Result<u32, InitError> {
        Ok(self.queue.page(function, index)?)
    }

    /// Returns byte `at` of the page of the last Identify.
    pub(crate) fn byte(&self, function: &Function, at: usize) -> Result<u8, InitError> {
        Ok(self.word(function, at / 4)?.to_le_bytes()[at % 4])
    }
}
