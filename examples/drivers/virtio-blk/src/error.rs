//! The faults of the device at any time ([`Fault`]), and the errors of a bring-up ([`InitError`]).

use core::fmt;

use samara_device_io::pci::StepError;
use samara_device_io::queue::{QueueError, QueueFault};
use samara_driver::recovery::Failure;
use samara_driver::virtio::TransportError;
use samara_interfaces::BlockError;

use crate::bring_up::Facts;

/// A fault of the device, or the reason why the driver doesn't use it any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// A reset has found that the device was unplugged.
    Gone,
    /// Registers read as all ones: the device was unplugged, or does not answer for a moment. A reset tells which.
    Absent,
    /// The device reports that it needs a reset, or was reset without the driver's doing.
    NeedsReset,
    /// The device did not answer in time.
    Timeout,
    /// The device completed work that it was not given, or the queue can't be used.
    Queue(QueueFault),
    /// A request ended with this byte, which is no status (§5.2.6).
    Status(u8),
    /// The device has fewer blocks than callers were told.
    Shrunk,
    /// After a reset, the device is another one than callers were told of, or the driver can't use it any more.
    Lost,
    /// The device did not come up again after a reset.
    Silent,
    /// Another thread has silenced the device, because it could not get the driver's lock.
    Silenced,
    /// The driver was stopped.
    Stopped,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone => f.write_str("the device was unplugged"),
            Self::Absent => f.write_str("the device did not answer"),
            Self::NeedsReset => f.write_str("the device says that it needs a reset"),
            Self::Timeout => f.write_str("the device did not answer in time"),
            Self::Queue(fault) => fault.fmt(f),
            Self::Status(status) => write!(
                f,
                "the device ended a request with status {status:#04x}, which does not exist"
            ),
            Self::Shrunk => f.write_str(
                "the device has fewer blocks than it had: restart the driver to use what is left",
            ),
            Self::Lost => f.write_str(
                "the device did not come back from a reset as it was: restart the driver",
            ),
            Self::Silent => f.write_str(
                "the device does not come up again after a reset: restart the driver or replace the device",
            ),
            Self::Silenced => f.write_str("the device was silenced with requests in flight"),
            Self::Stopped => f.write_str("the driver was stopped: start it again"),
        }
    }
}

impl core::error::Error for Fault {}

impl From<Fault> for BlockError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Gone => Self::Gone,
            Fault::Timeout => Self::Timeout,
            Fault::Queue(_) | Fault::Status(_) => Self::Protocol,
            Fault::Stopped => Self::Stopped,
            Fault::Shrunk | Fault::Lost | Fault::Silent => Self::Failed,
            Fault::Absent | Fault::NeedsReset | Fault::Silenced => Self::Reset,
        }
    }
}

impl From<QueueFault> for Fault {
    fn from(fault: QueueFault) -> Self {
        match fault {
            QueueFault::Unusable(error) => error.into(),
            fault => Self::Queue(fault),
        }
    }
}

impl From<QueueError> for Fault {
    fn from(error: QueueError) -> Self {
        match error {
            QueueError::NotStarted => Self::Silenced,
            QueueError::Step(StepError::Absent) => Self::Absent,
            error => Self::Queue(error.into()),
        }
    }
}

/// The reason why the device can't be brought up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InitError {
    /// The device was unplugged, does not come out of a reset, or has features or queues that this driver can't use.
    Transport(TransportError),
    /// The device has no blocks.
    NoCapacity,
    /// The blocks have this many bytes, which is no power of two from 512 to 65,536.
    BlockSize(u32),
    /// The device takes at most this many bytes in a request (`size_max`), less than a block.
    SizeMax(u32),
    /// The device takes no data at all (`seg_max` is 0).
    NoSegments,
    /// The queue can't be made or started.
    Queue(QueueError),
}

impl fmt::Display for InitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transport(error) => error.fmt(f),
            Self::NoCapacity => f.write_str("the device has no blocks: insert a medium"),
            Self::BlockSize(bytes) => write!(
                f,
                "blocks of {bytes} bytes aren't supported: set their size to a power of two from 512 bytes to 64 KiB"
            ),
            Self::SizeMax(bytes) => write!(
                f,
                "the device takes {bytes} bytes at once (size_max), less than a block: raise it in its hypervisor"
            ),
            Self::NoSegments => {
                f.write_str("the device takes no data (seg_max is 0): raise it in its hypervisor")
            }
            Self::Queue(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for InitError {}

impl From<TransportError> for InitError {
    fn from(error: TransportError) -> Self {
        Self::Transport(error)
    }
}

impl From<QueueError> for InitError {
    fn from(error: QueueError) -> Self {
        Self::Queue(error)
    }
}

impl InitError {
    /// Returns the class of this failure, by which a recovery decides whether to begin again.
    pub(crate) fn says(&self) -> Failure {
        match self {
            Self::Transport(error) => error.says(),
            // Such values are zeroes or all ones. The device has reported nothing, and this may pass.
            Self::NoCapacity
            | Self::BlockSize(0 | u32::MAX)
            | Self::SizeMax(0)
            | Self::NoSegments => Failure::Blank,
            Self::BlockSize(_) | Self::SizeMax(_) => Failure::Said,
            // A register states the place of the doorbell. If it reads as all ones, it states no place.
            Self::Queue(QueueError::NoDoorbell) => Failure::Blank,
            Self::Queue(_) => Failure::Passing,
        }
    }
}

/// Converts the error of a failed recovery.
impl From<InitError> for Fault {
    fn from(error: InitError) -> Self {
        match (error.says(), error) {
            (Failure::Gone, _) => Self::Gone,
            (Failure::Said | Failure::Blank, _) => Self::Lost,
            (_, InitError::Queue(error)) => error.into(),
            (_, InitError::Transport(TransportError::Absent)) => Self::Absent,
            _ => Self::Silent,
        }
    }
}

/// The reason why a recovery failed, with everything that the device has stated. Two refusals are equal if the device
/// has stated the same in both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Init(InitError),
    /// The device has fewer sectors than callers were told.
    Shrunk(Facts),
    /// The blocks have another size, or the device can't be flushed any more.
    Lost(Facts),
}

impl From<InitError> for Refusal {
    fn from(error: InitError) -> Self {
        Self::Init(error)
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Init(error) => error.into(),
            Refusal::Shrunk(_) => Self::Shrunk,
            Refusal::Lost(_) => Self::Lost,
        }
    }
}

impl Refusal {
    /// Returns the class of this refusal, by which a recovery decides whether to begin again.
    pub(crate) fn says(&self) -> Failure {
        match self {
            Self::Init(error) => error.says(),
            Self::Shrunk(_) | Self::Lost(_) => Failure::Said,
        }
    }
}
