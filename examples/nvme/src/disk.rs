//! The value that the domain exports: a controller's first namespace as a [`BlockDevice`].

use core::fmt;

use samara_device_io::dma::{LendError, Refused};
use samara_domain::{Exchangeable, RRef};
use samara_interfaces::{BlockDevice, BlockError, Geometry};
use spin::Mutex;

use crate::controller::{Controller, Direction};
use crate::error::{Fault, InitError};
use crate::faults::fault_point;
use crate::registers::Function;
use crate::request::{Executor, Work};
use crate::split::Split;

/// Bounds of the driver's own choosing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Exchangeable)]
pub struct Limits {
    /// Entries of the I/O queues, 2 to 64; the controller may allow fewer.
    pub queue_depth: u16,
    /// Bytes that one command transfers at most; the controller may allow fewer (MDTS).
    pub max_transfer: u32,
    /// Milliseconds without a completion after which a command is given up and the controller reset.
    pub io_millis: u64,
    /// The same for a flush, which may write a whole cache back.
    pub flush_millis: u64,
    /// The namespace (NSID); 0 for the first that can be used.
    pub namespace: u32,
    /// Milliseconds to wait for another thread of the driver, which may be busy with a reset.
    pub lock_millis: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            queue_depth: 64,
            max_transfer: 256 << 10,
            io_millis: 5_000,
            flush_millis: 60_000,
            namespace: 0,
            lock_millis: 300_000,
        }
    }
}

/// What [`init`](crate::init) is given.
#[derive(Debug, Exchangeable)]
pub struct Args {
    /// The controller.
    pub function: Function,
    /// Bounds.
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

/// An NVMe namespace, driven.
pub struct NvmeDisk {
    // Declared before the function, so dropped before it.
    controller: Mutex<Controller>,
    geometry: Geometry,
    block_shift: u8,
    max_transfer: usize,
    write_cache: bool,
    limits: Limits,
    function: Function,
}

impl NvmeDisk {
    pub(crate) fn new(args: Args) -> Result<Self, InitError> {
        let Args { function, limits } = args;
        let depth = limits.queue_depth.clamp(2, 64);
        let controller = Controller::new(&function, depth, limits.namespace)?;
        let identity = controller.identity();
        let namespace = identity.namespace;
        let block_shift = namespace.unit.shift();
        let limit = usize::try_from(limits.max_transfer).unwrap_or(usize::MAX);
        let max_transfer = identity.max_transfer.min(limit).max(1 << block_shift);
        let geometry = Geometry {
            block_size: 1 << block_shift,
            blocks: namespace.blocks,
            preferred_transfer: u32::try_from(max_transfer).unwrap_or(u32::MAX),
            read_only: namespace.write_protected,
        };
        let write_cache = identity.write_cache;
        let controller = Mutex::new(controller);
        Ok(Self {
            controller,
            geometry,
            block_shift,
            max_transfer,
            write_cache,
            limits,
            function,
        })
    }

    /// Completions so far in which the controller said that it had read another number of commands than it can have. Nothing
    /// depends on what it says; a count that isn't 0 tells of faulty firmware.
    ///
    /// # Errors
    ///
    /// [`BlockError::Busy`] if the controller isn't to be had in time.
    pub fn odd_heads(&self) -> Result<u64, BlockError> {
        let controller = self.executor().lock().ok_or(BlockError::Busy)?;
        Ok(controller.odd_heads())
    }

    fn executor(&self) -> Executor<'_> {
        Executor {
            function: &self.function,
            controller: &self.controller,
            limits: self.limits,
        }
    }

    /// Checks that `length` bytes from `lba` on are whole blocks of the namespace; splits them.
    fn split(&self, lba: u64, length: usize) -> Result<Split, BlockError> {
        let blocks = (length >> self.block_shift) as u64;
        if blocks == 0 || length & ((1 << self.block_shift) - 1) != 0 {
            return Err(BlockError::BadLength);
        }
        match lba.checked_add(blocks) {
            Some(end) if end <= self.geometry.blocks => {
                Ok(Split::new(lba, length, self.block_shift, self.max_transfer))
            }
            _ => Err(BlockError::OutOfRange),
        }
    }

    /// An orderly stop: deletes the I/O queues and notifies the controller of a shutdown
    /// (NVM Express Base 2.0 §3.6.1), so that it writes its caches back. Requests after it fail.
    ///
    /// # Errors
    ///
    /// [`InitError`] if the controller does not comply in time; it is silenced anyway when the
    /// function is given back.
    pub fn shut_down(&self) -> Result<(), InitError> {
        let mut controller = self.executor().lock().ok_or(Fault::Timeout)?;
        controller.shut_down(&self.function)
    }
}

impl BlockDevice for NvmeDisk {
    fn geometry(&self) -> Result<Geometry, BlockError> {
        Ok(self.geometry)
    }

    fn read(&self, lba: u64, buf: RRef<[u8]>) -> Result<RRef<[u8]>, BlockError> {
        let split = self.split(lba, buf.len())?;
        let transfer = self
            .function
            .begin(buf)
            .map_err(|error| refused(error.reason))?;
        fault_point!(Moved);
        let work = || Work::Blocks {
            transfer: &transfer,
            direction: Direction::Read,
            split,
        };
        let done = self.executor().execute(work);
        // Nothing of the transfer is in flight now, so it finishes.
        let buf = self.function.finish(transfer);
        done.and(buf.map_err(|_| BlockError::Failed))
    }

    fn write(&self, lba: u64, data: &RRef<[u8]>) -> Result<(), BlockError> {
        let split = self.split(lba, data.len())?;
        if self.geometry.read_only {
            return Err(BlockError::WriteProtected);
        }
        let lent = self.function.lend(data, |transfer| {
            fault_point!(Borrowed);
            let work = || Work::Blocks {
                transfer,
                direction: Direction::Write,
                split,
            };
            self.executor().execute(work)
        });
        match lent {
            Ok(done) => done,
            Err(LendError::Refused(reason)) => Err(refused(reason)),
            Err(_) => Err(BlockError::Timeout),
        }
    }

    fn flush(&self) -> Result<(), BlockError> {
        if !self.write_cache {
            return Ok(());
        }
        self.executor().execute(|| Work::Flush { started: false })
    }
}

/// A buffer that the in-flight table did not accept.
fn refused(reason: Refused) -> BlockError {
    match reason {
        Refused::Empty => BlockError::BadLength,
        Refused::Full => BlockError::Busy,
        _ => BlockError::Failed,
    }
}

impl Drop for NvmeDisk {
    fn drop(&mut self) {
        // An orderly stop; if the controller does not comply, the function's drop silences it.
        let _ = self.shut_down();
    }
}

impl fmt::Debug for NvmeDisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NvmeDisk")
            .field("function", &self.function)
            .field("geometry", &self.geometry)
            .finish_non_exhaustive()
    }
}
