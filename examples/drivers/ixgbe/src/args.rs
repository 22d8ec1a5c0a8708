//! The driver's arguments.

use samara_domain::Exchangeable;
use samara_interfaces::net::CAPACITY;

use crate::registers::Function;

/// The most queue pairs that this driver uses.
pub const MAX_QUEUES: u16 = 4;
/// Bytes of an Ethernet header with a VLAN tag: a frame is this header and its payload.
pub(crate) const HEADER: u16 = 18;
/// Bytes of the frame check sequence.
pub(crate) const CHECK: u16 = 4;

/// Bounds within which the driver works. A value outside its range is taken as the nearest value in the range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Exchangeable)]
pub struct Limits {
    /// The number of queue pairs, 1 to [`MAX_QUEUES`].
    pub queues: u16,
    /// Descriptors of a receive ring, a power of two from 8 to 4096. For each ring the driver allocates one buffer
    /// fewer than descriptors.
    pub rx_entries: u32,
    /// Descriptors of a transmit ring, a power of two from 8 to 4096.
    pub tx_entries: u32,
    /// The most bytes of payload in a frame, 68 to 2030.
    pub mtu: u16,
    /// The number of milliseconds in which a frame must leave while the link is up. If it has not left by then, the
    /// driver resets the device.
    pub tx_millis: u64,
    /// The number of milliseconds that a call waits for another thread, which uses the queue or resets the device.
    pub lock_millis: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            queues: 1,
            rx_entries: 256,
            tx_entries: 256,
            mtu: 1500,
            tx_millis: 2_000,
            lock_millis: 10_000,
        }
    }
}

impl Limits {
    /// Returns the limits with each value moved into its range, and descriptors rounded down to a power of two.
    pub(crate) fn clamped(self) -> Self {
        let entries = |entries: u32| match entries {
            0..8 => 8,
            8..4096 => 1 << entries.ilog2(),
            _ => 4096,
        };
        Self {
            queues: self.queues.clamp(1, MAX_QUEUES),
            rx_entries: entries(self.rx_entries),
            tx_entries: entries(self.tx_entries),
            mtu: self.mtu.clamp(68, CAPACITY as u16 - HEADER),
            ..self
        }
    }

    /// Returns the bytes of the longest frame, without its check sequence.
    pub(crate) const fn longest(&self) -> usize {
        self.mtu as usize + HEADER as usize
    }
}

/// The arguments of [`init`](crate::init).
#[derive(Debug, Exchangeable)]
pub struct Args {
    /// The device.
    pub function: Function,
    /// Bounds that the driver keeps.
    pub limits: Limits,
}

impl From<Function> for Args {
    fn from(function: Function) -> Self {
        Self {
            function,
            limits: Limits::default(),
        }
    }
}
