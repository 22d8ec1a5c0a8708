//! Why the device can't be brought up.

use core::fmt;

use samara_device_io::queue::QueueError;
use samara_domain::AllocError;
use samara_driver::recovery::Failure;
use samara_driver::virtio::TransportError;
use samara_interfaces::MacAddress;

/// Why the device can't be brought up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InitError {
    /// It was unplugged, does not come out of a reset, or has features or queues that this driver can't use.
    Transport(TransportError),
    /// It offers no MAC address.
    NoAddress,
    /// Its MAC address is no station's.
    BadAddress(MacAddress),
    /// Its MTU is less than 68 (§5.1.4.1).
    Mtu(u16),
    /// After a reset it isn't what it was before.
    Changed,
    /// No memory for packets.
    Packets(AllocError),
    /// No memory of the driver's own.
    Memory,
    /// A queue isn't to be had, or doesn't start.
    Queue(QueueError),
}

impl InitError {
    /// What a bring-up that fails so says of the device.
    pub(crate) fn says(&self) -> Failure {
        match self {
            Self::Transport(error) => error.says(),
            Self::NoAddress | Self::BadAddress(_) | Self::Mtu(_) | Self::Changed => Failure::Said,
            // Where its doorbells are is for its registers to say.
            Self::Queue(QueueError::NoDoorbell) => Failure::Said,
            _ => Failure::Passing,
        }
    }
}

impl fmt::Display for InitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transport(error) => error.fmt(f),
            Self::NoAddress => f.write_str(
                "the device has no MAC address: have its hypervisor offer VIRTIO_NET_F_MAC",
            ),
            Self::BadAddress(mac) => write!(
                f,
                "the device's MAC address, {mac}, is no station's: set another in its hypervisor"
            ),
            Self::Mtu(mtu) => write!(
                f,
                "the device's MTU of {mtu} is less than 68: raise it in its hypervisor"
            ),
            Self::Changed => f.write_str(
                "the device did not come back from a reset as it was: restart the driver",
            ),
            Self::Packets(error) => {
                write!(
                    f,
                    "no memory for packets: {error}; or ask for shorter queues"
                )
            }
            Self::Memory => {
                f.write_str("no private memory for the driver: raise DomainSpec::heap_quota")
            }
            Self::Queue(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for InitError {}

samara_driver::from_errors!(InitError:
    Transport(TransportError),
    Packets(AllocError),
    Queue(QueueError)
);
