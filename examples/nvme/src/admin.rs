//! The admin queue: one command at a time, waited for.

use samara_device_io::queue::{Completion, Pair, SubmitError, Tag};
use samara_device_tables::Nvme;

use crate::error::{Fault, InitError};
use crate::registers::{Function, Status};
use crate::status;

/// Entries of the admin queues: a whole page of them, since some controllers take no less.
const SIZE: u32 = 64;
/// How long an admin command may take. The specification sets no bound; those used here are all
/// answered from the controller's own memory.
const MILLIS: u64 = 5_000;

/// The queues themselves.
pub(crate) type Queue = Pair<Nvme, { Nvme::ADMIN }>;

/// The admin queue pair.
pub(crate) struct Admin(Queue);

impl Admin {
    pub(crate) fn new(function: &Function) -> Result<Self, InitError> {
        Ok(Self(Pair::new(function, 0, SIZE)?))
    }

    /// Enables the controller with these queues; it was reset before.
    pub(crate) fn start(&mut self, function: &Function) -> Result<(), InitError> {
        Ok(self.0.start(function, 0)?)
    }

    /// Executes the command that `submit` puts.
    pub(crate) fn execute(
        &mut self,
        function: &Function,
        submit: impl FnOnce(&mut Queue) -> Result<Tag, SubmitError>,
    ) -> Result<Completion, InitError> {
        let tag = submit(&mut self.0)?;
        self.0.ring(function)?;
        let answer = function
            .deadline(MILLIS)
            .wait_for(|| self.0.next(function).transpose());
        let Some(answer) = answer else {
            let absent = Status::read(function).is_absent();
            return Err(if absent { Fault::Gone } else { Fault::Timeout }.into());
        };
        let completion = answer.map_err(Fault::from)?;
        if completion.tag != tag {
            return Err(Fault::UnknownCommand(completion.tag.value()).into());
        }
        // The completion's room goes back.
        let _ = self.0.next(function);
        status::decode(completion.status as u16)?;
        Ok(completion)
    }

    /// Executes Identify with `cns`, whose page [`byte`](Self::byte) and its like read then.
    pub(crate) fn identify(
        &mut self,
        function: &Function,
        (cns, namespace): (u32, u32),
    ) -> Result<(), InitError> {
        let words = [namespace, cns, 0, 0, 0, 0, 0];
        self.execute(function, |queue| {
            queue.submit::<{ Nvme::IDENTIFY }>(function, words)
        })?;
        Ok(())
    }

    /// Dword `index` of what Identify returned last.
    pub(crate) fn word(&self, function: &Function, index: usize) -> Result<u32, InitError> {
        Ok(self.0.page(function, index)?)
    }

    /// Byte `at` of what Identify returned last.
    pub(crate) fn byte(&self, function: &Function, at: usize) -> Result<u8, InitError> {
        Ok(self.word(function, at / 4)?.to_le_bytes()[at % 4])
    }
}
