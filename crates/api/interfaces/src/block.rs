//! Block devices: disks, and other devices that read and write whole blocks by number.

use core::fmt;

use samara_domain::{Exchangeable, Proxy, RRef, RpcError, interface};

/// A device of equal blocks, numbered from 0 by their logical block address (LBA).
///
/// A buffer holds whole blocks; its length in bytes says how many. Calls may come from several threads at once and
/// are independent of one another. A caller that needs an order between a write and a later read waits for the write
/// first.
#[interface]
pub trait BlockDevice {
    /// Returns block size and capacity, which do not change during the device's life. Does not access the device.
    ///
    /// # Errors
    ///
    /// [`BlockError::Rpc`] only.
    fn geometry(&self) -> Result<Geometry, BlockError>;

    /// Fills `buf` with the blocks from `lba` on, without a copy, and gives it back.
    ///
    /// # Errors
    ///
    /// [`BlockError`]; then the buffer is dropped.
    #[idempotent]
    fn read(&self, lba: u64, #[scratch] buf: RRef<[u8]>) -> Result<RRef<[u8]>, BlockError>;

    /// Writes `data` to the blocks from `lba` on, without a copy. On return the device no longer uses the buffer, but
    /// the blocks may still be in its volatile cache: see [`flush`](Self::flush).
    ///
    /// # Errors
    ///
    /// [`BlockError`]; then it is unknown which of the blocks were written.
    #[idempotent]
    fn write(&self, lba: u64, data: &RRef<[u8]>) -> Result<(), BlockError>;

    /// On return, all writes that had returned before the call are on the medium. A device may lose its cache when it
    /// fails by itself. The first flush after such a failure returns [`BlockError::Reset`] if there may have been
    /// writes since the last good flush. Each flush that was under way at the failure returns it, too. A later flush
    /// that succeeds vouches only for writes that were made after that error.
    ///
    /// # Errors
    ///
    /// [`BlockError`]; then it is unknown which of the writes are on the medium.
    #[idempotent]
    fn flush(&self) -> Result<(), BlockError>;

    /// Returns how often the device has broken its protocol in a way that the driver tolerates, since the driver was
    /// started. Nothing was lost by it. A count that isn't 0 is a sign of faulty firmware and should be reported
    /// once. Does not access the device.
    ///
    /// # Errors
    ///
    /// [`BlockError::Busy`] if the driver can't be reached in time; [`BlockError::Rpc`].
    #[idempotent]
    fn tolerated(&self) -> Result<u64, BlockError>;
}

/// Several block devices behind one driver: the namespaces of a disk controller.
#[interface]
pub trait BlockController {
    /// Returns how many devices there are, numbered from 0. The number does not change during the driver's life.
    ///
    /// # Errors
    ///
    /// [`BlockError::Rpc`] only.
    #[idempotent]
    fn devices(&self) -> Result<u32, BlockError>;

    /// Opens device `number`. A device that was opened through a shadow outlives the driver: the next driver opens it
    /// again.
    ///
    /// # Errors
    ///
    /// [`BlockError::OutOfRange`] if there is no device of that number; [`BlockError`].
    #[replay]
    fn open(&self, number: u32) -> Result<Proxy<dyn BlockDevice>, BlockError>;
}

/// The size and limits of a block device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Exchangeable)]
pub struct Geometry {
    /// Bytes in a block, a power of two.
    pub block_size: u32,
    /// Number of blocks.
    pub blocks: u64,
    /// The longest request, in bytes, that the device executes as one command; longer requests are split.
    pub preferred_transfer: u32,
    /// The device refuses writes.
    pub read_only: bool,
}

impl Geometry {
    /// Returns the capacity in bytes; saturates.
    pub const fn bytes(&self) -> u64 {
        self.blocks.saturating_mul(self.block_size as u64)
    }
}

/// The reason why a block device did not execute a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Exchangeable)]
#[non_exhaustive]
pub enum BlockError {
    /// The call did not reach the driver, or the driver died of it.
    Rpc(RpcError),
    /// The buffer is empty or not a whole number of blocks.
    BadLength,
    /// The request reaches past the end of the device.
    OutOfRange,
    /// The device refuses writes.
    WriteProtected,
    /// The medium is damaged at some of the blocks, which can't be read or written.
    Medium,
    /// The device refused the command with a code of its own (for NVMe, status code type in the high
    /// byte and status code in the low one).
    Device(u16),
    /// The device did not answer in time. It was reset.
    Timeout,
    /// The device was reset while this request was under way.
    Reset,
    /// The device broke its protocol. It was reset.
    Protocol,
    /// The device was unplugged.
    Gone,
    /// The device failed, and a reset did not make it work again.
    Failed,
    /// The driver was stopped in an orderly way.
    Stopped,
    /// Too many requests at once, or the driver could not be reached in time.
    Busy,
}

impl fmt::Display for BlockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rpc(error) => error.fmt(f),
            Self::BadLength => {
                f.write_str("the buffer is not a whole number of blocks: see geometry()")
            }
            Self::OutOfRange => f.write_str("blocks past the end of the device: see geometry()"),
            Self::WriteProtected => {
                f.write_str("the device is write protected: open it for reading only")
            }
            Self::Medium => {
                f.write_str("the medium is damaged at these blocks: restore them from a copy")
            }
            Self::Device(code) => {
                write!(f, "the device refused the command with status {code:#06x}")
            }
            Self::Timeout => {
                f.write_str("the device did not answer in time and was reset: try again")
            }
            Self::Reset => f.write_str("the device was reset meanwhile: try again"),
            Self::Protocol => f.write_str("the device broke its protocol and was reset: try again"),
            Self::Gone => f.write_str("the device was unplugged"),
            Self::Failed => f.write_str(
                "the device failed and a reset did not help: restart its driver or replace it",
            ),
            Self::Stopped => f.write_str("the driver was stopped: start it again"),
            Self::Busy => f.write_str("too many requests at once: try again later"),
        }
    }
}

impl core::error::Error for BlockError {}

impl From<RpcError> for BlockError {
    fn from(error: RpcError) -> Self {
        Self::Rpc(error)
    }
}
