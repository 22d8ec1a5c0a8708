//! The arguments of the stack.

use core::fmt;

use samara_domain::{Exchangeable, Shadow};
use samara_interfaces::net::{NetDevice, NetError};

/// The most sockets.
pub(crate) const MAX_SOCKETS: usize = 64;

/// The arguments of [`init`](crate::init).
#[derive(Debug, Exchangeable)]
pub struct Args {
    /// The device, through a shadow of its driver.
    pub device: Shadow<dyn NetDevice>,
    /// The stack's own IPv4 address.
    pub address: [u8; 4],
    /// The length of the network's prefix in bits, up to 32.
    pub prefix: u8,
    /// The router to other networks.
    pub gateway: Option<[u8; 4]>,
    /// The seed of initial sequence numbers. It should differ at each start.
    pub seed: u64,
    /// Bounds.
    pub limits: Limits,
}

/// Limits of the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Exchangeable)]
pub struct Limits {
    /// The number of sockets, 1 to 64. It includes sockets that wait for a connection, that are connected, and that
    /// end a connection. Each socket has the two buffers below, which are allocated at the start.
    pub sockets: u16,
    /// The size of a connection's send buffer in bytes. It holds bytes until the peer has acknowledged them.
    pub send_bytes: u32,
    /// The size of a connection's receive buffer in bytes. It holds bytes until the stream's user has received them.
    pub receive_bytes: u32,
    /// The number of seconds after which the stack gives up a connection whose peer does not answer.
    pub patience: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            sockets: 8,
            send_bytes: 64 << 10,
            receive_bytes: 8 << 10,
            patience: 60,
        }
    }
}

impl Limits {
    /// Returns the limits, each clamped to its bounds.
    pub(crate) fn clamped(self) -> Self {
        Self {
            sockets: self.sockets.clamp(1, MAX_SOCKETS as u16),
            send_bytes: self.send_bytes.clamp(1 << 10, 1 << 20),
            receive_bytes: self.receive_bytes.clamp(1 << 10, 1 << 20),
            patience: self.patience.clamp(1, 3_600),
        }
    }
}

/// The reason why the stack cannot be set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InitError {
    /// The device does not report its properties.
    Device(NetError),
    /// The address is no unicast address, or the prefix is too long.
    BadAddress,
    /// The device's own address is a multicast address.
    BadMac,
    /// The device's MTU is below the minimum of IPv4.
    BadMtu,
}

impl fmt::Display for InitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Device(error) => error.fmt(f),
            Self::BadAddress => f.write_str(
                "the stack's address or prefix is invalid: give a unicast address and a prefix up to 32",
            ),
            Self::BadMac => {
                f.write_str("the device's MAC address is no unicast address: give it one that is")
            }
            Self::BadMtu => f.write_str(
                "the device's MTU is below the minimum of IPv4: give it an MTU of 68 or more",
            ),
        }
    }
}

impl core::error::Error for InitError {}

impl From<NetError> for InitError {
    fn from(error: NetError) -> Self {
        Self::Device(error)
    }
}
