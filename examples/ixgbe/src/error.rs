//! Why the device can't be brought up.

use core::fmt;

use samara_device_io::mmio::WriteError;
use samara_device_io::pci::{NotIdle, ResetError, StepError};
use samara_device_io::queue::QueueError;
use samara_domain::AllocError;

/// Why the device can't be brought up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InitError {
    /// A register isn't to be written as the driver wants to: the device is gone.
    Register(WriteError),
    /// It does not come out of a reset.
    Reset(ResetError),
    /// It never finished reading its EEPROM, or starting its DMA engine.
    NotReady,
    /// Its EEPROM holds no MAC address.
    NoAddress,
    /// No memory for packets.
    Packets(AllocError),
    /// No memory of the driver's own.
    Memory,
    /// Bus mastering was refused.
    Enable(NotIdle),
    /// A queue isn't to be had, or doesn't start.
    Queue(QueueError),
}

impl InitError {
    /// Whether bringing the device up once more may help, which begins with a reset: all ones, or another thread's reset, came in
    /// between.
    pub(crate) fn passes(&self) -> bool {
        match self {
            Self::Register(error) => matches!(error, WriteError::Absent | WriteError::Resetting),
            Self::Queue(error) => matches!(
                error,
                QueueError::NotStarted | QueueError::Step(StepError::Absent)
            ),
            Self::Reset(ResetError::Superseded) | Self::Enable(_) => true,
            _ => false,
        }
    }
}

impl fmt::Display for InitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Register(error) => error.fmt(f),
            Self::Reset(error) => error.fmt(f),
            Self::NotReady => f.write_str(
                "the device did not become ready after its reset: check its EEPROM, or power-cycle it",
            ),
            Self::NoAddress => {
                f.write_str("the device has no MAC address: its EEPROM is blank or damaged")
            }
            Self::Packets(error) => {
                write!(f, "no memory for packets: {error}; or ask for shorter rings")
            }
            Self::Memory => f.write_str("no private memory for the driver: raise DomainSpec::heap_quota"),
            Self::Enable(error) => error.fmt(f),
            Self::Queue(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for InitError {}

macro_rules! from {
    ($($variant:ident($type:ty)),+) => {
        $(impl From<$type> for InitError {
            fn from(error: $type) -> Self {
                Self::$variant(error)
            }
        })+
    };
}

from!(
    Register(WriteError),
    Reset(ResetError),
    Packets(AllocError),
    Enable(NotIdle),
    Queue(QueueError)
);
