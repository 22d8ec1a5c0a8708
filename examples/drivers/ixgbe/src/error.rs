//! Why the device can't be brought up.

use core::fmt;

use samara_device_io::mmio::WriteError;
use samara_device_io::pci::{NotIdle, ResetError};
use samara_device_io::queue::QueueError;
use samara_domain::AllocError;
use samara_driver::recovery::Failure;

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
    /// After a reset it has another address: it is another device.
    Changed,
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
    /// What a bring-up that fails so says of the device.
    pub(crate) fn says(&self) -> Failure {
        match self {
            Self::Reset(ResetError::Absent) => Failure::Gone,
            Self::NoAddress | Self::Changed => Failure::Said,
            _ => Failure::Passing,
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
            Self::Changed => f.write_str(
                "the device has another address than before its reset: restart the driver",
            ),
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

samara_driver::from_errors!(InitError:
    Register(WriteError),
    Reset(ResetError),
    Packets(AllocError),
    Enable(NotIdle),
    Queue(QueueError)
);
