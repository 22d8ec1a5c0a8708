//! Network devices: devices that send and receive Ethernet frames.

use core::fmt;

use samara_domain::{Exchangeable, RpcError, interface};

pub use crate::packet::{BATCH, CAPACITY, Packet, Packets, TooLong};

/// A device that sends and receives Ethernet frames. It is polled and never makes its caller wait, except in
/// [`wait`](Self::wait).
///
/// A device has one or more queues ([`NetInfo::queues`]), numbered from 0. Received frames are spread over them by
/// flow, so a caller that serves a device polls all of its queues; frames may be sent through any queue. Calls for
/// different queues may come from different threads and don't wait for one another. Frames of one queue keep their
/// order.
///
/// # Buffers circulate
///
/// Nothing is copied and nothing allocated. A caller keeps a stock of packets. It gives the device some packets to be
/// sent, and some empty packets to receive into. For each packet that the device keeps, the caller gets one back, in
/// the same call or a later one:
///
/// ```text
///                 tx: frames to send ──►┌────────┐──► tx: not taken (the first `unsent`), then buffers sent from
///                                       │ device │
///   rx: buffers to receive into, empty ►└────────┘──► rx: received (the first `received`), then buffers not used
/// ```
///
/// - For each received frame the device keeps one buffer of `rx`, so `rx` comes back with as many packets as the
///   caller gave. The device also has its own stock to receive into. A caller that gives no buffers receives no
///   frames.
/// - The device takes packets from the front of `tx`, as many as it has room for. Their buffers come back after their
///   frames have been sent. One call returns as many of them as fit beside the unsent packets. So a caller that sends
///   needs about as many packets as the device has room for ([`NetInfo::tx_room`]), besides its batch. The caller
///   gets all of them back by further calls with an empty `tx`.
#[interface]
pub trait NetDevice {
    /// Returns the device's address, MTU and shape, which do not change during its life. Does not access the device.
    ///
    /// # Errors
    ///
    /// [`NetError::Rpc`] only.
    #[idempotent]
    fn info(&self) -> Result<NetInfo, NetError>;

    /// Whether the link is up, and how fast it is. Costs one register read.
    ///
    /// # Errors
    ///
    /// [`NetError`].
    #[idempotent]
    fn link(&self) -> Result<Link, NetError>;

    /// Returns the counts of the device since its driver was started. Costs some dozen register reads.
    ///
    /// # Errors
    ///
    /// [`NetError`].
    #[idempotent]
    fn statistics(&self) -> Result<NetStatistics, NetError>;

    /// Sends the frames in `tx` and receives into the buffers in `rx`, on one queue; see above for the packets that
    /// come back. The call waits neither for frames to arrive nor for the given frames to leave. While the link is
    /// down, the device takes nothing of `tx`.
    ///
    /// A frame that can't be sent (shorter than an Ethernet header, or longer than MTU and header) is dropped and
    /// counted in [`NetStatistics::tx_errors`]; its buffer comes back. The device pads short frames to 60 bytes.
    /// Received frames are whole, without frame check sequence, and their length is checked against the buffer; frames
    /// that are damaged or don't fit are dropped and counted.
    ///
    /// A buffer in `rx` is given away with everything in it. The device alone says how long a received frame is, and
    /// the frame may reach another client. A caller that had a secret in a buffer clears it first, or frees it.
    ///
    /// A device that hangs or breaks its protocol is reset. The frames in its queues are lost, as networks may lose
    /// frames, and [`NetStatistics::resets`] counts the reset; the buffers come back.
    ///
    /// Costs one call for both directions and up to 32 frames in each.
    ///
    /// # Errors
    ///
    /// [`NetError`]; then both batches are dropped, and it is unknown whether frames of `tx` were sent. If the driver
    /// died, the buffers that it held are gone too: replace them with new ones.
    fn exchange(&self, queue: u16, tx: Packets, rx: Packets) -> Result<Exchanged, NetError>;

    /// Waits until `queue` has frames to receive, for at most `micros` microseconds and at most about a second; the
    /// wait may also end early without a cause. The caller then exchanges. The wait also notices a frame that arrived
    /// between the last exchange and this call. Between waits a queue causes no interrupts, so a busy caller polls at
    /// no extra cost.
    ///
    /// If a domain has spawned the calling thread, the thread sleeps during the wait. This need not be the driver's
    /// domain. The wait holds no lock: exchanges of other threads go on. Link changes and sent frames do not end a
    /// wait. A caller with timers must wait no longer than until its next timer is due. The device may hold
    /// interrupts back for some tens of microseconds.
    ///
    /// The default implementation is for devices that are only polled.
    ///
    /// # Errors
    ///
    /// [`NetError`]. If the driver dies during the wait, the error is [`RpcError::Crashed`]; through a shadow, the
    /// wait begins again on the next driver.
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
    /// There are no frames yet: the time is over, or an interrupt came without a frame.
    TimedOut,
    /// The device has no interrupts, or the kernel offers it none, so this call did not wait. The caller must poll,
    /// and chooses the interval itself.
    Unsupported,
}

/// The packets that an [`exchange`](NetDevice::exchange) gives back, in the batches that it was given.
#[derive(Debug, Exchangeable)]
pub struct Exchanged {
    /// First the `unsent` frames, in their order, then buffers whose frames have been sent.
    pub tx: Packets,
    /// First the `received` frames, in their order, then buffers that were not used.
    pub rx: Packets,
    /// The number of frames of `tx` for which the device had no room. Send them again, before other frames.
    pub unsent: usize,
    /// How many frames of `rx` were received.
    pub received: usize,
}

/// The properties of a network device that don't change during its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Exchangeable)]
pub struct NetInfo {
    /// The device's own address.
    pub mac: MacAddress,
    /// The most payload bytes that a frame carries. The Ethernet header's 14 bytes (18 with a VLAN tag) come on top.
    pub mtu: u16,
    /// The number of queues, at least 1.
    pub queues: u16,
    /// The most packets of one queue that the device keeps. It keeps a packet until the frame is sent and a later
    /// call fetches the buffer.
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
    /// There is no partner, or the link is not negotiated with it yet.
    Down,
    /// Frames flow.
    Up {
        /// Megabits per second; 0 if the device doesn't say.
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

/// Totals since the driver's start. They count events on the wire and in the device, so a received frame counts
/// before an exchange fetches it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Exchangeable)]
pub struct NetStatistics {
    /// Frames sent.
    pub tx_packets: u64,
    /// Bytes sent, including the frames' check sequences.
    pub tx_bytes: u64,
    /// Frames that could not be sent.
    pub tx_errors: u64,
    /// Frames received without an error and addressed to this device, whether or not there was a buffer.
    pub rx_packets: u64,
    /// Bytes received, including the frames' check sequences.
    pub rx_bytes: u64,
    /// Frames received and dropped because no buffer was free: poll more often.
    pub rx_missed: u64,
    /// Frames received damaged, or too long, and dropped.
    pub rx_errors: u64,
    /// How often the driver had to reset the device.
    pub resets: u64,
}

/// The reason why a network device did not execute a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Exchangeable)]
#[non_exhaustive]
pub enum NetError {
    /// The call did not reach the driver, or the driver died of it.
    Rpc(RpcError),
    /// There's no such queue.
    NoSuchQueue,
    /// The device was unplugged.
    Gone,
    /// The device failed, and a reset did not make it work again.
    Failed,
    /// Another thread is using this queue.
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
            Self::Busy => f.write_str("another thread is using this queue: try again later"),
        }
    }
}

impl core::error::Error for NetError {}

impl From<RpcError> for NetError {
    fn from(error: RpcError) -> Self {
        Self::Rpc(error)
    }
}
