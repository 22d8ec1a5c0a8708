//! Network devices: whatever sends and receives Ethernet frames.

use core::fmt;

use samara_domain::{Exchangeable, RpcError, interface};

pub use crate::packet::{BATCH, CAPACITY, Packet, Packets, TooLong};

/// A device that sends and receives Ethernet frames, without waiting: it is polled.
///
/// A device has one or more queues ([`NetInfo::queues`]), numbered from 0. What is received is spread over
/// them by flow, so one who serves a device polls all of its queues; what is sent may go through any. Calls
/// for different queues may come from different threads and don't wait for one another; frames of one queue
/// keep their order.
///
/// # Buffers circulate
///
/// Nothing is copied and nothing allocated. A caller keeps a stock of packets. It gives some to be sent and
/// some, empty, to receive into; for each that the device keeps it gets one back, then or at a later call:
///
/// ```text
///                 tx: frames to send ──►┌────────┐──► tx: not taken (the first `unsent`), then buffers sent from
///                                       │ device │
///   rx: buffers to receive into, empty ►└────────┘──► rx: received (the first `received`), then buffers not used
/// ```
///
/// - Of `rx` as many buffers are taken as there are frames received, so as many packets come back in it as
///   went in. The device has its own stock to receive into beside that. Who gives none receives none.
/// - Of `tx` the device takes from the front what it has room for. The buffers of what it took come back as
///   their frames have been sent: as many in one call as fit beside the unsent. So a caller who sends needs
///   about as many packets as the device has room for ([`NetInfo::tx_room`]) beside its batch, and gets all
///   of them back by calling on with an empty `tx`.
#[interface]
pub trait NetDevice {
    /// Address, MTU and shape of the device. They stay as they are for its life. No device access.
    ///
    /// # Errors
    ///
    /// [`NetError::Rpc`] only.
    #[idempotent]
    fn info(&self) -> Result<NetInfo, NetError>;

    /// Whether the link is up, and how fast. One register read.
    ///
    /// # Errors
    ///
    /// [`NetError`].
    #[idempotent]
    fn link(&self) -> Result<Link, NetError>;

    /// What the device has counted since its driver was started. Some dozen register reads.
    ///
    /// # Errors
    ///
    /// [`NetError`].
    #[idempotent]
    fn statistics(&self) -> Result<NetStatistics, NetError>;

    /// Sends the frames in `tx` and receives into the buffers in `rx`, on one queue; see above for what
    /// comes back. Doesn't wait: neither for frames to arrive nor for those given to leave. While the link
    /// is down nothing is taken of `tx`.
    ///
    /// A frame that can't be sent (empty, or longer than MTU and header) is dropped and counted in
    /// [`NetStatistics::tx_errors`]; its buffer comes back. Short ones are padded to 60 bytes by the
    /// device. Frames received are whole, without frame check sequence, with their length checked against
    /// the buffer; damaged ones and ones that don't fit are dropped and counted.
    ///
    /// A buffer in `rx` is given away with all that it holds: how long a frame is that was received into it is the device's word, and
    /// the frame may be another client's. Who has had a secret in one clears it first, or frees it.
    ///
    /// A device that hangs or breaks its protocol is reset: the frames in its queues are lost, as networks
    /// may lose frames, and [`NetStatistics::resets`] counts it; the buffers come back.
    ///
    /// Cost: one call for both directions and up to 32 frames in each.
    ///
    /// # Errors
    ///
    /// [`NetError`]; both batches are dropped then, and whether frames of `tx` were sent is unknown. If the
    /// driver died, so did the buffers that it held: replace them with new ones.
    fn exchange(&self, queue: u16, tx: Packets, rx: Packets) -> Result<Exchanged, NetError>;

    /// Waits until `queue` has frames to receive, at most `micros` microseconds (and at most about a second,
    /// and perhaps for nothing at all): then exchange. A frame that arrived after the last exchange is not
    /// missed. Between waits a queue causes no interrupts, so one who is busy polls at no more cost.
    ///
    /// A domain's own thread sleeps meanwhile, whichever domain it comes from. Nothing is held: exchanges of
    /// other threads go on. Link changes and frames that leave end no wait; who has timers waits no longer than
    /// to the next. The device may hold interrupts back for some tens of microseconds.
    ///
    /// The default is for devices that are polled.
    ///
    /// # Errors
    ///
    /// [`NetError`]. If the driver dies while it waits that's [`RpcError::Crashed`]; through a shadow the wait
    /// begins anew, on the next driver.
    #[idempotent]
    fn wait(&self, queue: u16, micros: u32) -> Result<Waited, NetError> {
        let _ = (queue, micros);
        Ok(Waited::Unsupported)
    }
}

/// How a [`wait`](NetDevice::wait) ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Exchangeable)]
pub enum Waited {
    /// There are frames to receive.
    Ready,
    /// There are none yet: the time is over, or an interrupt came for nothing.
    TimedOut,
    /// The device has no interrupts, or the kernel offers it none, so nothing was waited for: poll, at a pace
    /// of your own.
    Unsupported,
}

/// What an [`exchange`](NetDevice::exchange) gives back, in the batches that it was given.
#[derive(Debug, Exchangeable)]
pub struct Exchanged {
    /// First the `unsent` frames, in their order, then buffers whose frames have been sent.
    pub tx: Packets,
    /// First the `received` frames, in their order, then buffers that were not used.
    pub rx: Packets,
    /// How many frames of `tx` the device had no room for: send them again, before others.
    pub unsent: usize,
    /// How many frames of `rx` were received.
    pub received: usize,
}

/// What doesn't change in a network device's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Exchangeable)]
pub struct NetInfo {
    /// The device's own address.
    pub mac: MacAddress,
    /// Bytes of payload that a frame carries at most; the Ethernet header's 14 (with a VLAN tag 18) come on
    /// top.
    pub mtu: u16,
    /// Queues, at least 1.
    pub queues: u16,
    /// Packets that one queue's device side holds at most while they wait to be sent, or for their buffers
    /// to be asked back.
    pub tx_room: u16,
}

/// An IEEE 802 address, in the order of transmission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Exchangeable)]
pub struct MacAddress(pub [u8; 6]);

impl fmt::Display for MacAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

/// State of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Exchangeable)]
pub enum Link {
    /// No partner, or no agreement with it yet.
    Down,
    /// Frames flow.
    Up {
        /// Megabits per second; 0 if the device doesn't tell.
        mbps: u32,
    },
}

impl Link {
    /// Whether frames flow.
    #[must_use]
    pub const fn is_up(self) -> bool {
        matches!(self, Self::Up { .. })
    }
}

/// Totals since the driver's start. They count what the wire and the device did, so a frame received
/// counts before it is fetched by an exchange.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Exchangeable)]
pub struct NetStatistics {
    /// Frames sent.
    pub tx_packets: u64,
    /// Bytes sent, in frames with their check sequence.
    pub tx_bytes: u64,
    /// Frames that could not be sent.
    pub tx_errors: u64,
    /// Frames received without an error and addressed to this device, whether there was a buffer or not.
    pub rx_packets: u64,
    /// Bytes received, in frames with their check sequence.
    pub rx_bytes: u64,
    /// Frames received and dropped because no buffer was free: poll more often.
    pub rx_missed: u64,
    /// Frames received damaged, or too long, and dropped.
    pub rx_errors: u64,
    /// How often the driver had to reset the device.
    pub resets: u64,
}

/// Why a network device did not do what it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Exchangeable)]
#[non_exhaustive]
pub enum NetError {
    /// The call did not reach the driver, or the driver died of it.
    Rpc(RpcError),
    /// There's no such queue.
    NoSuchQueue,
    /// The device was unplugged.
    Gone,
    /// The device failed and a reset did not help.
    Failed,
    /// Another thread is busy with this queue.
    Busy,
}

impl fmt::Display for NetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rpc(error) => error.fmt(f),
            Self::NoSuchQueue => f.write_str("no such queue: see info().queues"),
            Self::Gone => {
                f.write_str("the device was unplugged: plug it in and restart its driver")
            }
            Self::Failed => f.write_str(
                "the device failed and a reset did not help: restart its driver or replace it",
            ),
            Self::Busy => f.write_str("another thread is busy with this queue: try again later"),
        }
    }
}

impl core::error::Error for NetError {}

impl From<RpcError> for NetError {
    fn from(error: RpcError) -> Self {
        Self::Rpc(error)
    }
}
