//! The device under its lock: starts requests, takes completions, and brings the device up again.

use samara_device_io::queue::{Bytes, QueueError, SubmitError};
use samara_device_io::table::Direction;
use samara_device_tables::VirtioBlock;
use samara_driver::block::{self, Command};
use samara_driver::recovery::{self, Failure};
use samara_driver::virtio::{self, State};
use samara_interfaces::BlockError;

use crate::bring_up::{self, Facts, Function, Queue, SECTOR_SHIFT};
use crate::error::{Fault, InitError, Refusal};
use crate::faults::fault_point;

/// The smallest and the largest number of entries of the queue, and the largest number of its chains. A chain has three
/// descriptors.
pub(crate) const MIN_ENTRIES: u16 = 8;
pub(crate) const MAX_ENTRIES: u32 = 256;
pub(crate) const CHAINS: usize = MAX_ENTRIES as usize / 3;

/// Request types (§5.2.6).
const IN: u32 = 0;
const OUT: u32 = 1;
const FLUSH: u32 = 4;

/// Returns a request's header (§5.2.6): the type, 32 reserved bits, the sector.
fn header(kind: u32, sector: u64) -> Bytes {
    let mut header = [0; 16];
    header[..4].copy_from_slice(&kind.to_le_bytes());
    header[8..].copy_from_slice(&sector.to_le_bytes());
    header
}

/// Returns the result that a request's status byte stands for (§5.2.6).
///
/// # Errors
///
/// [`Fault::Status`] if the byte is no status, because the device has not written it or has written an undefined
/// value.
fn outcome(status: u8) -> Result<Result<(), BlockError>, Fault> {
    match status {
        0 => Ok(Ok(())),
        // VIRTIO_BLK_S_IOERR, VIRTIO_BLK_S_UNSUPP.
        1 | 2 => Ok(Err(BlockError::Device(status.into()))),
        _ => Err(Fault::Status(status)),
    }
}

/// A device that was brought up.
pub(crate) struct Device {
    facts: Facts,
    /// The properties at the start of the driver, of which callers were told.
    promised: Facts,
    queue: Queue,
}

impl Device {
    /// Resets the device behind `function` and brings it up, with a queue of at most `entries` entries.
    pub(crate) fn new(function: &Function, entries: u32) -> Result<Self, InitError> {
        let mut made = None;
        let once = || {
            let facts = bring_up::negotiate(function)?;
            let queue = match &mut made {
                Some(queue) => queue,
                none => none.insert(bring_up::queue(function, entries)?),
            };
            bring_up::start(function, queue)?;
            Ok(facts)
        };
        let facts = recovery::ask_twice(once, InitError::says)?;
        let queue = made.ok_or(QueueError::NoSuchQueue)?;
        Ok(Self {
            facts,
            promised: facts,
            queue,
        })
    }

    /// Returns the current properties of the device.
    pub(crate) fn facts(&self) -> Facts {
        self.facts
    }
}

impl block::Device for Device {
    type Table = VirtioBlock;
    type Unit = ();
    type Fault = Fault;
    type Refusal = Refusal;

    const ABSENT: Fault = Fault::Absent;
    const GONE: Fault = Fault::Gone;
    const TIMEOUT: Fault = Fault::Timeout;
    const SILENCED: Fault = Fault::Silenced;
    const STOPPED: Fault = Fault::Stopped;

    fn bit((): ()) -> u64 {
        1
    }

    fn loses_cache(fault: &Fault) -> bool {
        matches!(fault, Fault::NeedsReset)
    }

    fn longest(&self, (): ()) -> usize {
        self.facts.size_max as usize
    }

    fn start(
        &mut self,
        function: &Function,
        (): (),
        command: Command<'_>,
    ) -> Result<usize, SubmitError> {
        let chain = match command {
            Command::Blocks(transfer, direction, chunk) => {
                fault_point!(Submit);
                let kind = match direction {
                    Direction::ToHost => IN,
                    Direction::ToDevice => OUT,
                };
                let sector = chunk.lba << (self.facts.block_shift - SECTOR_SHIFT);
                let data = (transfer, chunk.offset, chunk.length, direction);
                self.queue
                    .put(function, &header(kind, sector), Some(data))?
            }
            Command::Flush => self.queue.put(function, &header(FLUSH, 0), None)?,
        };
        Ok(chain.into())
    }

    fn ring(&mut self, function: &Function) -> Result<(), Fault> {
        self.queue.ring(function)?;
        fault_point!(InFlight);
        Ok(())
    }

    /// Only the status byte decides the result of a request, whatever length the device reports: see the crate's
    /// documentation.
    fn next(
        &mut self,
        function: &Function,
    ) -> Result<Option<(usize, Result<(), BlockError>)>, Fault> {
        let Some(chain) = self.queue.next(function)? else {
            return Ok(None);
        };
        fault_point!(Completion);
        let [status, ..] = chain.tail;
        Ok(Some((chain.number.into(), outcome(status)?)))
    }

    fn check(&mut self, function: &Function) -> Result<(), Fault> {
        match virtio::state(function) {
            State::Live => {}
            State::NeedsReset => return Err(Fault::NeedsReset),
            State::Absent => return Err(Fault::Absent),
        }
        if virtio::configuration_has_changed(function) {
            // The geometry that callers were told does not change. So the driver does not use added blocks, and
            // missing blocks are a fault.
            self.facts.sectors = bring_up::sectors(function).map_err(|_| Fault::NeedsReset)?;
            if !self.facts.keeps(&self.promised) {
                return Err(Fault::Shrunk);
            }
        }
        Ok(())
    }

    fn bring_up(&mut self, function: &Function) -> Result<(), Refusal> {
        let facts = bring_up::negotiate(function)?;
        if !facts.keeps(&self.promised) {
            let is_shorter = facts.sectors < self.promised.sectors;
            return Err(if is_shorter {
                Refusal::Shrunk(facts)
            } else {
                Refusal::Lost(facts)
            });
        }
        self.facts = facts;
        Ok(bring_up::start(function, &mut self.queue)?)
    }

    fn says(refusal: &Refusal) -> Failure {
        refusal.says()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_statuses_0_to_2_are_believed() {
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
