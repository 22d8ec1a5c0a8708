//! TCP connections: what a network stack offers to domains that serve or fetch.

use core::fmt;

use samara_domain::{AllocError, Exchangeable, Proxy, RRef, RpcError, interface};

use crate::net::NetError;

/// A network stack. It does nothing by itself: frames and timers move when [`poll`](Self::poll) is called.
///
/// What it hands out are capabilities: who holds a [`TcpStream`] may use that connection, nobody else. No
/// method waits.
#[interface]
pub trait Network {
    /// Moves frames both ways and runs the timers. `now` is in microseconds of any clock that doesn't go
    /// backwards; an earlier time than before counts as the time before. A bounded number of frames.
    ///
    /// A device that fails is no error here: its frames are lost, as networks may lose frames, connections
    /// live on, and [`Polled::failed`] tells.
    ///
    /// # Errors
    ///
    /// [`TcpError::Rpc`] and [`TcpError::Busy`].
    fn poll(&self, now: u64) -> Result<Polled, TcpError>;

    /// Takes connections to `port` from now on, until the listener is dropped. Up to `backlog`, at least
    /// one, wait to be accepted; the stack may have room for fewer.
    ///
    /// Through a shadow the listener outlives the stack: the next one listens again.
    ///
    /// # Errors
    ///
    /// [`TcpError`].
    #[replay]
    fn listen(&self, port: u16, backlog: u16) -> Result<Proxy<dyn TcpListener>, TcpError>;

    /// What was counted since the stack's start.
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
    /// The next connection that a peer has made, if there is one.
    ///
    /// # Errors
    ///
    /// [`TcpError`].
    fn accept(&self) -> Result<Option<Proxy<dyn TcpStream>>, TcpError>;
}

/// A connection. Dropping it resets it, unless it was [`finish`](Self::finish)ed: then what was sent still
/// arrives.
#[interface]
pub trait TcpStream {
    /// Moves what has arrived to the start of `into`, without waiting, and gives it back.
    ///
    /// # Errors
    ///
    /// [`TcpError`]; the buffer is dropped then.
    fn recv(&self, into: RRef<[u8]>) -> Result<Received, TcpError>;

    /// Takes bytes of `data` from index `start` up to `end`, as many as there's room for: the number that
    /// was taken, 0 if it should be tried again later or there are no such bytes.
    ///
    /// # Errors
    ///
    /// [`TcpError`]; nothing was taken.
    fn send(&self, data: &RRef<[u8]>, start: usize, end: usize) -> Result<usize, TcpError>;

    /// Nothing more will be sent. The peer is told after all that was taken has arrived.
    ///
    /// # Errors
    ///
    /// [`TcpError::Rpc`] and [`TcpError::Busy`].
    fn finish(&self) -> Result<(), TcpError>;
}

/// What a [`poll`](Network::poll) did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Exchangeable)]
pub struct Polled {
    /// Frames that arrived or were handed to the device. With 0 the caller may rest for a while.
    pub frames: u32,
    /// Why the device refused the last exchange, if it did.
    pub failed: Option<NetError>,
}

/// What a [`recv`](TcpStream::recv) gives back.
#[derive(Debug, Exchangeable)]
pub struct Received {
    /// The buffer.
    pub buffer: RRef<[u8]>,
    /// Bytes at its start that have arrived.
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
    /// Frames that were with the device, or on their way to it, when it failed: sent or not, nobody knows.
    pub frames_in_doubt: u64,
    /// Exchanges that the device failed, its driver's death included.
    pub failures: u64,
    /// TCP segments with data that was sent before.
    pub retransmitted: u64,
    /// Connections that were handed out.
    pub accepted: u64,
    /// Connections and their remains for which there's memory in use.
    pub open: u32,
}

/// Why a network stack did not do what it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Exchangeable)]
#[non_exhaustive]
pub enum TcpError {
    /// The call did not reach the stack, or the stack died of it.
    Rpc(RpcError),
    /// The connection is over: finished, reset by the peer, or given up after it did not answer.
    Closed,
    /// There's a listener on this port, or the port is 0.
    BadPort,
    /// All connections or listeners that there's room for are in use.
    NoRoom,
    /// No memory for what was to be handed out.
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
