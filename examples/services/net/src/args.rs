//! What the stack is given.

use core::fmt;

use samara_domain::{Exchangeable, Shadow};
use samara_interfaces::net::{NetDevice, NetError};

/// Sockets that there may be at most.
pub(crate) const MAX_SOCKETS: usize = 64;

/// What [`init`](crate::init) is given.
#[derive(Debug, Exchangeable)]
pub struct Args {
    /// The device, whoever drives it at the time.
    pub device: Shadow<dyn NetDevice>,
    /// The stack's own IPv4 address.
    pub address: [u8; 4],
    /// Bits of it that name the network, up to 32.
    pub prefix: u8,
    /// Who knows the way to other networks.
    pub gateway: Option<[u8; 4]>,
    /// Another one at each start: initial sequence numbers come from it.
    pub seed: u64,
    /// Bounds.
    pub limits: Limits,
}

/// Bounds of the stack's own choosing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Exchangeable)]
pub struct Limits {
    /// Sockets, 1 to 64: those that wait for a connection, are connected, or end one. Each has the two
    /// buffers below, allocated at the start.
    pub sockets: u16,
    /// Bytes that a connection holds until the peer has acknowledged them.
    pub send_bytes: u32,
    /// Bytes that a connection holds until they are taken.
    pub receive_bytes: u32,
    /// Seconds after which a peer that does not answer is given up.
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
    /// The same with every bound kept.
    pub(crate) fn clamped(self) -> Self {
        Self {
            sockets: self.sockets.clamp(1, MAX_SOCKETS as u16),
            send_bytes: self.send_bytes.clamp(1 << 10, 1 << 20),
            receive_bytes: self.receive_bytes.clamp(1 << 10, 1 << 20),
            patience: self.patience.clamp(1, 3_600),
        }
    }
}

/// Why the stack can't be set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InitError {
    /// The device does not tell what it is.
    Device(NetError),
    /// The address is a group's or nobody's, or the prefix is too long.
    BadAddress,
    /// The device's own address is a group's.
    BadMac,
    /// The device's frames have no room for the headers of a segment.
    BadMtu,
}

impl fmt::Display for InitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Device(error) => error.fmt(f),
            Self::BadAddress => f.write_str(
                "the stack's address is no host's: give a unicast address and its prefix",
            ),
            Self::BadMac => {
                f.write_str("the device's MAC address is a group's: give it one of its own")
            }
            Self::BadMtu => f.write_str(
                "the device's MTU is less than any IPv4 network's: give it one of 68 or more",
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
