//! The errors of a bring-up.

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
    /// The device was unplugged, does not come out of a reset, or has features or queues that this driver can't use.
    Transport(TransportError),
    /// The device offers no MAC address.
    NoAddress,
    /// The device's MAC address is a group address or all zeroes, so no station can have it.
    BadAddress(MacAddress),
    /// The device's MTU is less than 68 (§5.1.4.1).
    Mtu(u16),
    /// After a reset the device has another address or a smaller MTU, or has lost its link status.
    Changed,
    /// The shared heap has no memory for the receive queue's packets.
    Packets(AllocError),
    /// The domain's private heap has no memory for the driver's lists.
    Memory,
    /// A queue could not be made or started.
    Queue(QueueError),
}

impl InitError {
    /// Returns the class of this failure, by which a recovery decides whether to begin again.
    pub(crate) fn says(&self) -> Failure {
        match self {
            Self::Transport(error) => error.says(),
            Self::NoAddress | Self::BadAddress(_) | Self::Mtu(_) | Self::Changed => Failure::Said,
            // A register states the place of the doorbell. If it reads as all ones, it states no place.
            Self::Queue(QueueError::NoDoorbell) => Failure::Blank,
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
                "the device's MAC address, {mac}, is a group address or zero: set another one in its hypervisor"
            ),
            Self::Mtu(mtu) => write!(
                f,
                "the device's MTU of {mtu} is less than 68: raise it in its hypervisor"
            ),
            Self::Changed => f.write_str(
                "after a reset the device has another MAC address, a smaller MTU or no link status: restart the driver",
            ),
            Self::Packets(error) => {
                write!(
                    f,
                    "no memory for packets: {error}; or lower Limits::rx_entries"
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
