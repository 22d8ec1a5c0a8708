//! The device under its lock: starting requests, taking completions, recovering from faults.

use samara_device_io::Transfer;
use samara_device_io::queue::{Bytes, SubmitError};
use samara_device_io::table::Direction;
use samara_driver::split::Chunk;
use samara_driver::tickets::{Ticket, Tickets};
use samara_driver::virtio::{self, State};
use samara_interfaces::BlockError;

use crate::bring_up::{self, Facts, Function, Queue, SECTOR_SHIFT};
use crate::error::{Fault, InitError};
use crate::faults::fault_point;

/// Entries of the queue, at most; and chains of it, which have three descriptors each.
pub(crate) const MAX_ENTRIES: u32 = 256;
const CHAINS: usize = MAX_ENTRIES as usize / 3;

/// Request types (§5.2.6).
const IN: u32 = 0;
const OUT: u32 = 1;
const FLUSH: u32 = 4;

/// What a request's header says: a type, 32 reserved bits, a sector.
fn header(kind: u32, sector: u64) -> Bytes {
    let mut header = [0; 16];
    header[..4].copy_from_slice(&kind.to_le_bytes());
    header[8..].copy_from_slice(&sector.to_le_bytes());
    header
}

/// What a request's status byte says (§5.2.6).
///
/// # Errors
///
/// [`Fault::Status`] if it says nothing: the device left it as it was, or is out of its mind.
fn outcome(status: u8) -> Result<Result<(), BlockError>, Fault> {
    match status {
        0 => Ok(Ok(())),
        // VIRTIO_BLK_S_IOERR, VIRTIO_BLK_S_UNSUPP.
        1 | 2 => Ok(Err(BlockError::Device(status.into()))),
        _ => Err(Fault::Status(status)),
    }
}

/// Everything that the lock guards.
pub(crate) struct Device {
    facts: Facts,
    queue: Queue,
    pub(crate) tickets: Tickets,
    /// Whose the request in each chain is.
    owners: [Option<Ticket>; CHAINS],
    /// The function's epoch when the device was brought up.
    epoch: u32,
    /// Set when a recovery failed: the device isn't used any more.
    failed: Option<Fault>,
}

impl Device {
    /// Resets the device behind `function` and brings it up, with a queue of at most `entries` entries.
    pub(crate) fn new(function: &Function, entries: u32) -> Result<Self, InitError> {
        let facts = bring_up::negotiate(function)?;
        let mut queue = bring_up::queue(function, entries)?;
        bring_up::start(function, &mut queue)?;
        Ok(Self {
            facts,
            queue,
            tickets: Tickets::default(),
            owners: [None; CHAINS],
            epoch: function.epoch(),
            failed: None,
        })
    }

    /// What is known of it.
    pub(crate) fn facts(&self) -> Facts {
        self.facts
    }

    /// What calls fail with, if the device isn't used any more.
    pub(crate) fn failed(&self) -> Option<BlockError> {
        self.failed.map(|fault| match fault {
            Fault::Gone => BlockError::Gone,
            _ => BlockError::Failed,
        })
    }

    /// Starts the read or write of one chunk of `transfer` for `ticket`; the device learns of it from [`ring`](Self::ring).
    pub(crate) fn start(
        &mut self,
        function: &Function,
        ticket: Ticket,
        (transfer, direction, chunk): (&Transfer, Direction, Chunk),
    ) -> Result<(), SubmitError> {
        fault_point!(Submit);
        let kind = match direction {
            Direction::ToHost => IN,
            Direction::ToDevice => OUT,
        };
        let sector = chunk.lba << (self.facts.block_shift - SECTOR_SHIFT);
        let data = (transfer, chunk.offset, chunk.length, direction);
        let chain = self
            .queue
            .put(function, &header(kind, sector), Some(data))?;
        self.note(chain, ticket);
        Ok(())
    }

    /// Starts a flush for `ticket`.
    pub(crate) fn start_flush(
        &mut self,
        function: &Function,
        ticket: Ticket,
    ) -> Result<(), SubmitError> {
        let chain = self.queue.put(function, &header(FLUSH, 0), None)?;
        self.note(chain, ticket);
        Ok(())
    }

    fn note(&mut self, chain: u16, ticket: Ticket) {
        if let Some(owner) = self.owners.get_mut(usize::from(chain)) {
            *owner = Some(ticket);
        }
        self.tickets.started(ticket);
    }

    /// Tells the device of everything started.
    pub(crate) fn ring(&mut self, function: &Function) -> Result<(), Fault> {
        Ok(self.queue.ring(function)?)
    }

    /// Takes the completions that have come; returns how many.
    pub(crate) fn poll(&mut self, function: &Function) -> Result<usize, Fault> {
        let mut taken = 0;
        while taken < CHAINS
            && let Some(chain) = self.queue.next(function)?
        {
            fault_point!(Completion);
            let [status, ..] = chain.tail;
            let outcome = outcome(status)?;
            let owner = self.owners.get_mut(usize::from(chain.number));
            if let Some(ticket) = owner.and_then(Option::take) {
                self.tickets.ended(ticket, outcome);
            }
            taken += 1;
        }
        Ok(taken)
    }

    /// What the device says of itself, or that another thread has silenced it.
    pub(crate) fn check(&mut self, function: &Function) -> Result<(), Fault> {
        if function.epoch() != self.epoch {
            return Err(Fault::Silenced);
        }
        match virtio::state(function) {
            State::Live => {}
            State::NeedsReset => return Err(Fault::NeedsReset),
            State::Gone => return Err(Fault::Gone),
        }
        if virtio::configuration_has_changed(function) {
            let sectors = bring_up::sectors(function).map_err(|_| Fault::NeedsReset)?;
            if sectors < self.facts.sectors {
                return Err(Fault::Shrunk);
            }
            // What was added has no place in a geometry that does not change.
            self.facts.sectors = sectors;
        }
        Ok(())
    }

    /// Resets the device, fails everything in flight with `fault`, and brings the device up again. If that fails, or the device
    /// isn't what it was, it isn't used any more.
    pub(crate) fn recover(&mut self, function: &Function, fault: Fault) {
        let brought_up = self.bring_up_again(function);
        if brought_up.is_err() {
            let _ = function.silence();
        }
        self.abandon(function, fault);
        if self.failed.is_none() {
            self.failed = brought_up.err();
        }
    }

    fn bring_up_again(&mut self, function: &Function) -> Result<(), Fault> {
        if bring_up::negotiate(function)? != self.facts {
            return Err(Fault::Lost);
        }
        Ok(bring_up::start(function, &mut self.queue)?)
    }

    /// Everything in flight has failed with `fault`.
    fn abandon(&mut self, function: &Function, fault: Fault) {
        self.epoch = function.epoch();
        self.owners = [None; CHAINS];
        if fault == Fault::Silenced {
            // The request that silenced the device has gone without looking: nobody else may be left to close its
            // ticket. A request that is left learns it from its ticket's being lost.
            self.tickets.lose_all();
        } else {
            self.tickets.fail_all(fault.into());
        }
    }

    /// An orderly stop: the device is reset. What is still in flight fails; the device isn't used any more.
    pub(crate) fn stop(&mut self, function: &Function) -> Result<(), BlockError> {
        if let Some(error) = self.failed() {
            return Err(error);
        }
        self.failed = Some(Fault::Stopped);
        let reset = function.reset();
        self.abandon(function, Fault::Stopped);
        reset.map_err(|_| BlockError::Timeout)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_zero_is_success_and_only_two_are_errors() {
        assert_eq!(outcome(0), Ok(Ok(())));
        assert_eq!(outcome(1), Ok(Err(BlockError::Device(1))));
        assert_eq!(outcome(2), Ok(Err(BlockError::Device(2))));
        assert!((3..=u8::MAX).all(|status| outcome(status) == Err(Fault::Status(status))));
    }

    #[test]
    fn a_header_is_little_endian() {
        let bytes = header(OUT, 0x0102_0304_0506_0708);
        assert_eq!(bytes, [1, 0, 0, 0, 0, 0, 0, 0, 8, 7, 6, 5, 4, 3, 2, 1]);
    }
}
