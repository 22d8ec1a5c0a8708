//! The admin queue: one command at a time, waited for.

use samara_device_io::layout::nvme::{Capabilities, Command, CommandError, Nvme};
use samara_device_io::{Mmio, PciFunction};

use crate::error::{Fault, InitError};
use crate::queue::QueuePair;
use crate::status;

/// Entries of the admin queues.
const SIZE: u16 = 16;
/// How long an admin command may take. The specification sets no bound; those used here are all
/// answered from the controller's own memory.
const MILLIS: u64 = 5_000;

/// The admin queue pair.
pub(crate) struct Admin {
    pub(crate) queue: QueuePair,
    cid: u16,
}

impl Admin {
    pub(crate) fn new(function: &PciFunction) -> Result<Self, InitError> {
        Ok(Self {
            queue: QueuePair::new(function, 0, SIZE)?,
            cid: 0,
        })
    }

    /// Executes the command that `build` makes with a fresh CID; returns its result, dword 0.
    pub(crate) fn execute(
        &mut self,
        function: &PciFunction,
        registers: &Mmio<'_, Nvme>,
        capabilities: Capabilities,
        build: impl FnOnce(u16) -> Result<Command<'static>, CommandError>,
    ) -> Result<u32, InitError> {
        self.cid = (self.cid + 1) % u16::MAX;
        let command = build(self.cid)?;
        self.queue.put(function, command)?;
        self.queue.ring(registers, capabilities)?;
        let mut answer = Ok(None);
        let answered = function.deadline(MILLIS).poll(|| {
            answer = self.queue.next(function);
            !matches!(answer, Ok(None))
        });
        if !answered {
            let absent = registers.status().is_absent();
            return Err(if absent { Fault::Gone } else { Fault::Timeout }.into());
        }
        let Some(completion) = answer? else {
            return Err(Fault::Timeout.into());
        };
        if completion.cid != self.cid {
            return Err(Fault::UnknownCommand(completion.cid).into());
        }
        self.queue.release(registers, capabilities)?;
        status::decode(completion.status)?;
        Ok(completion.result)
    }
}
