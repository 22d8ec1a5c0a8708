//! What the driver is given.

use samara_domain::Exchangeable;
use samara_interfaces::net::CAPACITY;

use crate::registers::Function;

/// Queue pairs that this driver uses at most.
pub const MAX_QUEUES: u16 = 4;
/// Header with a VLAN tag: what a frame has beside its payload.
pub(crate) const HEADER: u16 = 18;
/// The frame check sequence.
pub(crate) const CHECK: u16 = 4;

/// Bounds of the driver's own choosing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Exchangeable)]
pub struct Limits {
    /// Queue pairs, 1 to [`MAX_QUEUES`].
    pub queues: u16,
    /// Descriptors of a receive ring, a power of two from 8 to 4096: one less are buffers of the driver's.
    pub rx_entries: u32,
    /// Descriptors of a transmit ring, a power of two from 8 to 4096.
    pub tx_entries: u32,
    /// Bytes of payload in a frame, 68 to 2030.
    pub mtu: u16,
    /// Milliseconds that a frame may take to leave while the link is up.
    pub tx_millis: u64,
    /// Milliseconds to wait for another thread of the driver, which may be busy with a reset.
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
    /// The same with every bound kept.
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

    /// Bytes of the longest frame, without check sequence.
    pub(crate) const fn longest(&self) -> usize {
        self.mtu as usize + HEADER as usize
    }
}

/// What [`init`](crate::init) is given.
#[derive(Debug, Exchangeable)]
pub struct Args {
    /// The device.
    pub function: Function,
    /// Bounds.
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
