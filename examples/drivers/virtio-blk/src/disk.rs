//! The value that the domain exports: the device as a [`BlockDevice`].

use core::fmt;

use samara_device_io::Deadline;
use samara_device_io::dma::{LendError, Refused};
use samara_device_io::table::Direction;
use samara_domain::{Exchangeable, RRef};
use samara_driver::block::{Executor, Shared, Work};
use samara_driver::split_request::Split;
use samara_interfaces::{BlockDevice, BlockError, Geometry};

use crate::bring_up::{Facts, Function};
use crate::device::{CHAINS, Device, MAX_ENTRIES, MIN_ENTRIES};
use crate::error::InitError;
use crate::faults::{Dropped, fault_point};

/// The number of milliseconds that the flush in an orderly stop may take.
const STOP_MILLIS: u64 = 5_000;

/// Limits that apply in addition to those of the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Exchangeable)]
pub struct Limits {
    /// The number of entries of the queue, from 8 to 256: other numbers are clamped, and rounded down to a power of
    /// two. A quarter as many requests can be in flight. The device may have fewer entries.
    pub queue_entries: u32,
    /// The most bytes that one request to the device transfers. A request transfers at least one block, even if this
    /// limit is lower. The device may allow fewer (`size_max`).
    pub max_transfer: u32,
    /// The number of milliseconds without a completion after which the driver gives a request up and resets the
    /// device.
    pub io_millis: u64,
    /// The same limit for a flush. A flush may take longer, because the device may write a whole cache back.
    pub flush_millis: u64,
    /// The number of milliseconds to wait for another thread of the driver, which may be busy with a reset.
    pub lock_millis: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            queue_entries: MAX_ENTRIES,
            max_transfer: 256 << 10,
            io_millis: 5_000,
            flush_millis: 60_000,
            lock_millis: 300_000,
        }
    }
}

/// The arguments of [`init`](crate::init).
#[derive(Debug, Exchangeable)]
pub struct Args {
    /// The claimed function of the device.
    pub function: Function,
    /// The limits of the driver.
    pub limits: Limits,
}

impl From<Function> for Args {
    fn from(function: Function) -> Self {
        Self {
            function,
            limits: Limits::default(),
        }
    }
}

/// A virtio block device, with the driver's state.
pub struct VirtioDisk {
    // This field is declared before the function, and so it is dropped before the function.
    device: Shared<Device, CHAINS>,
    /// The properties at the start of the driver, of which callers are told.
    facts: Facts,
    max_transfer: u32,
    limits: Limits,
    function: Function,
}

impl VirtioDisk {
    pub(crate) fn new(args: Args) -> Result<Self, InitError> {
        let Args { function, limits } = args;
        let entries = 1
            << limits
                .queue_entries
                .clamp(MIN_ENTRIES.into(), MAX_ENTRIES)
                .ilog2();
        let device = Device::new(&function, entries)?;
        let facts = device.facts();
        let max_transfer = limits.max_transfer.min(facts.size_max);
        Ok(Self {
            device: Shared::new(device, &function),
            facts,
            max_transfer: max_transfer.max(1 << facts.block_shift),
            limits,
            function,
        })
    }

    fn executor(&self) -> Executor<'_, Device, CHAINS> {
        Executor {
            function: &self.function,
            shared: &self.device,
            unit: (),
            lock_millis: self.limits.lock_millis,
            over: None,
        }
    }

    /// Checks that `length` bytes from `lba` on are whole blocks of the device, and splits them into requests.
    fn split(&self, lba: u64, length: usize) -> Result<Split, BlockError> {
        let shift = self.facts.block_shift;
        let blocks = (length >> shift) as u64;
        if blocks == 0 || length & ((1 << shift) - 1) != 0 {
            return Err(BlockError::BadLength);
        }
        match lba.checked_add(blocks) {
            Some(end) if end <= self.facts.blocks() => {
                Ok(Split::new(lba, length, shift, self.max_transfer as usize))
            }
            _ => Err(BlockError::OutOfRange),
        }
    }

    /// Stops the device in an orderly way. The device writes its cache back, for which it gets at most five seconds.
    /// Then the driver resets the device. Later requests fail.
    ///
    /// # Errors
    ///
    /// [`BlockError`] if the device does not comply. It is then silenced, at the latest when the function is dropped.
    /// [`BlockError::Reset`] also if the device complies, but has asked for a reset after writes that no flush has
    /// confirmed. These writes may be lost.
    pub fn shut_down(&self) -> Result<(), BlockError> {
        // A device that was silenced or needs a reset can't flush, so it is brought up again first.
        drop(self.executor().lock_live());
        let flushed = self.flush_by(Some(self.function.deadline(STOP_MILLIS)));
        let mut device = self.executor().lock().ok_or(BlockError::Busy)?;
        let reset = device.stop(&self.function, |_| self.function.reset())?;
        reset.map_err(|_| BlockError::Timeout).and(flushed)
    }

    /// Flushes the device's cache, if it has one. If commands are still in flight when `over` has passed, the device is
    /// reset.
    fn flush_by(&self, over: Option<Deadline>) -> Result<(), BlockError> {
        let executor = Executor {
            over,
            ..self.executor()
        };
        if !executor.ask(|device| device.facts().has_cache())? {
            return Ok(());
        }
        let _dropped = Dropped;
        executor.execute(Work::Flush { started: false }, self.limits.flush_millis)
    }

    fn execute(&self, work: Work<'_>) -> Result<(), BlockError> {
        let _dropped = Dropped;
        self.executor().execute(work, self.limits.io_millis)
    }
}

impl BlockDevice for VirtioDisk {
    fn geometry(&self) -> Result<Geometry, BlockError> {
        Ok(Geometry {
            block_size: 1 << self.facts.block_shift,
            blocks: self.facts.blocks(),
            preferred_transfer: self.max_transfer,
            read_only: self.facts.is_read_only(),
        })
    }

    fn read(&self, lba: u64, buf: RRef<[u8]>) -> Result<RRef<[u8]>, BlockError> {
        let split = self.split(lba, buf.len())?;
        let transfer = self
            .function
            .begin(buf)
            .map_err(|error| refused(error.reason))?;
        fault_point!(Moved);
        let work = Work::Blocks {
            transfer: &transfer,
            direction: Direction::ToHost,
            split,
        };
        let done = self.execute(work);
        // No request of the transfer is in flight any more, so `finish` gives the buffer back.
        let buf = self.function.finish(transfer);
        done.and(buf.map_err(|_| BlockError::Failed))
    }

    fn write(&self, lba: u64, data: &RRef<[u8]>) -> Result<(), BlockError> {
        let split = self.split(lba, data.len())?;
        if self.facts.is_read_only() {
            return Err(BlockError::WriteProtected);
        }
        let lent = self.function.lend(data, |transfer| {
            fault_point!(Borrowed);
            let work = Work::Blocks {
                transfer,
                direction: Direction::ToDevice,
                split,
            };
            self.execute(work)
        });
        match lent {
            Ok(done) => done,
            Err(LendError::Refused(reason)) => Err(refused(reason)),
            Err(_) => Err(BlockError::Timeout),
        }
    }

    fn flush(&self) -> Result<(), BlockError> {
        self.flush_by(None)
    }

    /// Returns 0, because the driver tolerates no breach of the protocol and so counts none.
    fn tolerated(&self) -> Result<u64, BlockError> {
        Ok(0)
    }
}

/// Returns the error for a buffer that the in-flight table has refused.
fn refused(reason: Refused) -> BlockError {
    match reason {
        Refused::Empty => BlockError::BadLength,
        Refused::Full => BlockError::Busy,
        _ => BlockError::Failed,
    }
}

impl Drop for VirtioDisk {
    fn drop(&mut self) {
        // If the device does not comply with the orderly stop, the drop of the function silences the device.
        let _ = self.shut_down();
    }
}

impl fmt::Debug for VirtioDisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VirtioDisk")
            .field("function", &self.function)
            .field("facts", &self.facts)
            .finish_non_exhaustive()
    }
}
