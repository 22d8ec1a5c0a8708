//! The errors of a bring-up.

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
    /// A register could not be written: the device is gone, or is being reset.
    Register(WriteError),
    /// The device was unplugged, or does not come out of a reset.
    Reset(ResetError),
    /// The device did not finish reading its EEPROM or starting its DMA engine in time. A stop also fails with this
    /// error if the driver has given the device up, or if another thread keeps a queue locked.
    NotReady,
    /// The device's EEPROM holds no MAC address.
    NoAddress,
    /// After a reset the device has another MAC address, so it is another device.
    Changed,
    /// The shared heap has no memory for the receive queues' packets.
    Packets(AllocError),
    /// The domain's private heap has no memory for the driver's lists.
    Memory,
    /// The engine refused to make the device bus master.
    Enable(NotIdle),
    /// A queue could not be made, started or stopped.
    Queue(QueueError),
}

impl InitError {
    /// Returns the class of this failure, by which a recovery decides whether to begin again.
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
                "after a reset the device has another MAC address, so it is another one: restart the driver",
            ),
            Self::Packets(error) => {
                write!(f, "no memory for packets: {error}; or lower Limits::rx_entries")
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
