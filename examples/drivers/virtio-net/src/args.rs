//! What the driver is given.

use samara_domain::Exchangeable;
use samara_interfaces::net::CAPACITY;

use crate::bring_up::Function;

/// Ethernet's header without a VLAN tag: what a frame has beside its payload.
pub(crate) const HEADER: usize = 14;
/// The least and the most payload (§5.1.4.1; what a packet has room for).
pub(crate) const MIN_MTU: u16 = 68;
pub(crate) const MAX_MTU: u16 = (CAPACITY - HEADER) as u16;
/// Entries of a queue: two for each packet.
const ENTRIES: (u32, u32) = (4, 512);

/// Bounds of the driver's own choosing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Exchangeable)]
pub struct Limits {
    /// Entries of the receive queue, a power of two from 4 to 512; the device may have fewer. Half as many are buffers of the
    /// driver's.
    pub rx_entries: u32,
    /// Entries of the transmit queue, a power of two from 4 to 512, two for each frame; the device may have fewer.
    pub tx_entries: u32,
    /// Bytes of payload in a frame, 68 to 2034; the device may take fewer.
    pub mtu: u16,
    /// Milliseconds that a frame may take to leave while the link is up.
    pub tx_millis: u64,
    /// Milliseconds to wait for another thread of the driver, which may be busy with a reset.
    pub lock_millis: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
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
        let entries = |entries: u32| 1 << entries.clamp(ENTRIES.0, ENTRIES.1).ilog2();
        Self {
            rx_entries: entries(self.rx_entries),
            tx_entries: entries(self.tx_entries),
            mtu: self.mtu.clamp(MIN_MTU, MAX_MTU),
            ..self
        }
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
