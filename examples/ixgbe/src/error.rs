//! Why the device can't be brought up.

use core::fmt;

use samara_device_io::dma::RegionError;
use samara_device_io::layout::ixgbe::{QueueError, ResetError};
use samara_device_io::pci::{EnableError, RegistersError};
use samara_domain::AllocError;

/// Why the device can't be brought up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InitError {
    /// The function isn't an 82599, or its registers can't be mapped.
    Registers(RegistersError),
    /// It does not come out of a reset.
    Reset(ResetError),
    /// It never finished reading its EEPROM, or starting its DMA engine.
    NotReady,
    /// Its EEPROM holds no MAC address.
    NoAddress,
    /// No DMA memory.
    Memory(RegionError),
    /// No memory for packets.
    Packets(AllocError),
    /// Bus mastering was refused.
    Enable(EnableError),
    /// A queue doesn't start.
    Queue(QueueError),
}

impl fmt::Display for InitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Registers(error) => error.fmt(f),
            Self::Reset(error) => error.fmt(f),
            Self::NotReady => f.write_str(
                "the device did not become ready after its reset: check its EEPROM, or power-cycle it",
            ),
            Self::NoAddress => {
                f.write_str("the device has no MAC address: its EEPROM is blank or damaged")
            }
            Self::Memory(error) => error.fmt(f),
            Self::Packets(error) => {
                write!(f, "no memory for packets: {error}; or ask for shorter rings")
            }
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
    Registers(RegistersError),
    Reset(ResetError),
    Memory(RegionError),
    Packets(AllocError),
    Enable(EnableError),
    Queue(QueueError)
);
