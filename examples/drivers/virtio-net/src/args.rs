//! The driver's arguments.

use samara_domain::Exchangeable;
use samara_interfaces::net::CAPACITY;

use crate::bring_up::Function;

/// Bytes of an Ethernet header without a VLAN tag: a frame is this header and its payload.
pub(crate) const HEADER: usize = 14;
/// The least MTU that a device may have (§5.1.4.1), and the most bytes of payload that fit into a packet.
pub(crate) const MIN_MTU: u16 = 68;
pub(crate) const MAX_MTU: u16 = (CAPACITY - HEADER) as u16;
/// The least and the most entries of a queue. Each packet takes two.
const ENTRIES: (u32, u32) = (4, 512);

/// Bounds within which the driver works, whatever the device allows. A value outside its range is taken as the
/// nearest value in the range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Exchangeable)]
pub struct Limits {
    /// Entries of the receive queue, a power of two from 4 to 512; the device may have fewer. Each buffer takes two
    /// entries. A quarter of the places for buffers, at least one, stays free. So with 256 entries the driver
    /// allocates 96 buffers.
    pub rx_entries: u32,
    /// Entries of the transmit queue, a power of two from 4 to 512; the device may have fewer. Each frame takes two
    /// entries. A quarter of the places for frames, at least one, stays free.
    pub tx_entries: u32,
    /// The most bytes of payload in a frame, 68 to 2034; the device may take fewer.
    pub mtu: u16,
    /// The number of milliseconds in which a frame must leave while the link is up. If it has not left by then, the
    /// driver resets the device.
    pub tx_millis: u64,
    /// The number of milliseconds that a call waits for another thread, which uses the queues or resets the device.
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
    /// Returns the limits with each value moved into its range, and entries rounded down to a power of two.
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
