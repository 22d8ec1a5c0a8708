//! A namespace as a [`BlockDevice`].

use alloc::sync::Arc;
use core::fmt;

use samara_device_io::dma::{LendError, Refused};
use samara_domain::RRef;
use samara_interfaces::{BlockDevice, BlockError, Geometry};

use crate::driver::Driver;
use crate::error::InitError;
use crate::faults::fault_point;
use samara_device_io::table::Direction;
use samara_driver::block::Work;
use samara_driver::split_request::Split;

/// An NVMe namespace, with the state of its driver.
pub struct NvmeDisk {
    driver: Arc<Driver>,
    geometry: Geometry,
    block_shift: u8,
    /// The index among the controller's usable namespaces.
    namespace: usize,
}

impl NvmeDisk {
    /// Opens number `namespace` of the namespaces that can be used; `None` if there are fewer.
    pub(crate) fn open(driver: &Arc<Driver>, namespace: usize) -> Option<Self> {
        let found = driver.identity.namespaces.get(namespace)?;
        let block_shift = found.unit.shift();
        let geometry = Geometry {
            block_size: 1 << block_shift,
            blocks: found.blocks,
            preferred_transfer: u32::try_from(driver.max_transfer(block_shift)).unwrap_or(u32::MAX),
            read_only: found.write_protected,
        };
        Some(Self {
            driver: Arc::clone(driver),
            geometry,
            block_shift,
            namespace,
        })
    }

    /// Stops the controller in an orderly way: see [`NvmeController::shut_down`](crate::NvmeController::shut_down).
    ///
    /// # Errors
    ///
    /// [`InitError`] if the controller does not comply in time. It is silenced all the same.
    ///
    /// [`Fault::Fatal`](crate::Fault::Fatal) if the controller complies, but has failed by itself before, may have
    /// lost writes by that failure, and no flush has reported this yet.
    pub fn shut_down(&self) -> Result<(), InitError> {
        self.driver.shut_down()
    }

    /// Checks that `length` bytes from `lba` on are whole blocks of the namespace, and splits them into commands.
    fn split(&self, lba: u64, length: usize) -> Result<Split, BlockError> {
        let blocks = (length >> self.block_shift) as u64;
        if blocks == 0 || length & ((1 << self.block_shift) - 1) != 0 {
            return Err(BlockError::BadLength);
        }
        match lba.checked_add(blocks) {
            Some(end) if end <= self.geometry.blocks => Ok(Split::new(
                lba,
                length,
                self.block_shift,
                self.driver.max_transfer(self.block_shift),
            )),
            _ => Err(BlockError::OutOfRange),
        }
    }
}

impl BlockDevice for NvmeDisk {
    fn geometry(&self) -> Result<Geometry, BlockError> {
        Ok(self.geometry)
    }

    fn read(&self, lba: u64, buf: RRef<[u8]>) -> Result<RRef<[u8]>, BlockError> {
        let split = self.split(lba, buf.len())?;
        let transfer = self
            .driver
            .function
            .begin(buf)
            .map_err(|error| refused(error.reason))?;
        fault_point!(Moved);
        let work = || Work::Blocks {
            transfer: &transfer,
            direction: Direction::ToHost,
            split,
        };
        let done = self.driver.execute(self.namespace, work);
        // No command of the transfer is in flight now, so the driver can take the buffer back.
        let buf = self.driver.function.finish(transfer);
        done.and(buf.map_err(|_| BlockError::Failed))
    }

    fn write(&self, lba: u64, data: &RRef<[u8]>) -> Result<(), BlockError> {
        let split = self.split(lba, data.len())?;
        if self.geometry.read_only {
            return Err(BlockError::WriteProtected);
        }
        let lent = self.driver.function.lend(data, |transfer| {
            fault_point!(Borrowed);
            let work = || Work::Blocks {
                transfer,
                direction: Direction::ToDevice,
                split,
            };
            self.driver.execute(self.namespace, work)
        });
        match lent {
            Ok(done) => done,
            Err(LendError::Refused(reason)) => Err(refused(reason)),
            Err(_) => Err(BlockError::Timeout),
        }
    }

    fn flush(&self) -> Result<(), BlockError> {
        // The flush is sent whether or not the controller reports a cache (VWC). Without a cache it costs nothing.
        // Besides, the report may be the zeroes of an Identify command that wrote nothing.
        self.driver
            .execute(self.namespace, || Work::Flush { started: false })
    }

    /// Returns the number of completions that stated an impossible head of the submission queue. A head is impossible
    /// if it says that the controller has read more or fewer commands than it can have read.
    fn tolerated(&self) -> Result<u64, BlockError> {
        let executor = self.driver.executor(self.namespace);
        let controller = executor.lock().ok_or(BlockError::Busy)?;
        Ok(controller.device().odd_heads())
    }
}

/// Returns the error for a buffer that the in-flight table did not accept.
fn refused(reason: Refused) -> BlockError {
    match reason {
        Refused::Empty => BlockError::BadLength,
        Refused::Full => BlockError::Busy,
        _ => BlockError::Failed,
    }
}

impl fmt::Debug for NvmeDisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NvmeDisk")
            .field("function", &self.driver.function)
            .field("geometry", &self.geometry)
            .finish_non_exhaustive()
    }
}
