//! TCP connections, which a network stack offers to domains that serve or fetch.

use core::fmt;

use samara_domain::{AllocError, Exchangeable, Proxy, RRef, RpcError, interface};

use crate::net::NetError;

/// A network stack. Frames and timers move only when [`poll`](Self::poll) is called.
///
/// It hands out capabilities: only the holder of a [`TcpStream`] can use that connection. No method waits.
#[interface]
pub trait Network {
    /// Moves frames both ways and runs the timers. `now` is in microseconds of any clock that doesn't go backwards; a
    /// time earlier than the previous one counts as the previous one. Moves a bounded number of frames.
    ///
    /// A failure of the device is not an error of this call. The device's frames are lost, as networks may lose
    /// frames. Connections live on, and [`Polled::failed`] reports the failure.
    ///
    /// # Errors
    ///
    /// [`TcpError::Rpc`] and [`TcpError::Busy`].
    fn poll(&self, now: u64) -> Result<Polled, TcpError>;

    /// Takes connections to `port` from now on, until the listener is dropped. Up to `backlog` connections (at least
    /// one) wait until they are accepted. Fewer can wait if the stack lacks room.
    ///
    /// Through a shadow the listener outlives the stack: the next stack listens again.
    ///
    /// # Errors
    ///
    /// [`TcpError`].
    #[replay]
    fn listen(&self, port: u16, backlog: u16) -> Result<Proxy<dyn TcpListener>, TcpError>;

    /// Returns the totals since the stack's start.
    ///
    /// # Errors
    ///
    /// [`TcpError::Rpc`] and [`TcpError::Busy`].
    #[idempotent]
    fn statistics(&self) -> Result<NetworkStatistics, TcpError>;
}

/// A port on which connections are taken.
#[interface]
pub trait TcpListener {
    /// Returns the next connection that a peer has made, if there is one.
    ///
    /// # Errors
    ///
    /// [`TcpError`].
    fn accept(&self) -> Result<Option<Proxy<dyn TcpStream>>, TcpError>;
}

/// A connection. Dropping the stream resets the connection, unless [`finish`](Self::finish) was called: then
/// everything that was sent still arrives.
#[interface]
pub trait TcpStream {
    /// Moves bytes that have arrived to the start of `into`, without waiting, and gives the buffer back.
    ///
    /// # Errors
    ///
    /// [`TcpError`]; then the buffer is dropped.
    fn recv(&self, into: RRef<[u8]>) -> Result<Received, TcpError>;

    /// Takes bytes of `data` from index `start` up to `end`, as many as there is room for, and returns how many it
    /// took. 0 means that the caller should try again later, or that there are no such bytes.
    ///
    /// # Errors
    ///
    /// [`TcpError`]; then nothing was taken.
    fn send(&self, data: &RRef<[u8]>, start: usize, end: usize) -> Result<usize, TcpError>;

    /// Ends sending. The peer learns of the end after it has received all bytes that were taken.
    ///
    /// # Errors
    ///
    /// [`TcpError::Rpc`] and [`TcpError::Busy`].
    fn finish(&self) -> Result<(), TcpError>;
}

/// The result of a [`poll`](Network::poll).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Exchangeable)]
pub struct Polled {
    /// Frames that arrived or were handed to the device. If this is 0, the caller may rest for a while.
    pub frames: u32,
    /// The error with which the device refused the last exchange, or `None` if it did not refuse it.
    pub failed: Option<NetError>,
}

/// The result of a [`recv`](TcpStream::recv).
#[derive(Debug, Exchangeable)]
pub struct Received {
    /// The buffer.
    pub buffer: RRef<[u8]>,
    /// The number of bytes that have arrived, at the buffer's start.
    pub len: usize,
    /// The peer will send nothing more.
    pub ended: bool,
}

/// Totals since the stack's start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Exchangeable)]
pub struct NetworkStatistics {
    /// Frames received.
    pub frames_in: u64,
    /// Frames that the device took.
    pub frames_out: u64,
    /// Frames that were with the device, or on their way to it, when it failed; it is unknown whether they were sent.
    pub frames_in_doubt: u64,
    /// Exchanges that failed because of the device, including its driver's death.
    pub failures: u64,
    /// TCP segments that repeat data that was sent before.
    pub retransmitted: u64,
    /// Connections that were handed out.
    pub accepted: u64,
    /// Connections, including closed connections that still occupy memory.
    pub open: u32,
}

/// The reason why a network stack did not execute a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Exchangeable)]
#[non_exhaustive]
pub enum TcpError {
    /// The call did not reach the stack, or the stack died of it.
    Rpc(RpcError),
    /// The connection is over: finished, reset by the peer, or given up after it did not answer.
    Closed,
    /// The port already has a listener, or it is 0.
    BadPort,
    /// All connections or listeners that the stack has room for are in use.
    NoRoom,
    /// There is no memory for the handle to hand out.
    OutOfMemory,
    /// Another thread is in the stack.
    Busy,
}

impl fmt::Display for TcpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rpc(error) => return error.fmt(f),
            Self::Closed => "the connection is over: make a new one",
            Self::BadPort => "the port is 0 or has a listener: use another",
            Self::NoRoom => {
                "all connections or listeners are in use: drop one, or give the stack more"
            }
            Self::OutOfMemory => "no memory for a handle: drop some, or raise the quota",
            Self::Busy => "another thread is in the stack: try again later",
        })
    }
}

impl core::error::Error for TcpError {}

impl From<RpcError> for TcpError {
    fn from(error: RpcError) -> Self {
        Self::Rpc(error)
    }
}

impl From<AllocError> for TcpError {
    fn from(_: AllocError) -> Self {
        Self::OutOfMemory
    }
}
