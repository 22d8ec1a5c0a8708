//! HTTP servers, as their host sees them.

use core::fmt;

use samara_domain::{Exchangeable, RpcError, interface};

use crate::tcp::TcpError;

/// A server that works only when it's polled.
#[interface]
pub trait HttpServer {
    /// Polls the network stack below, takes new connections, and advances each connection by one step. `now` is as in
    /// [`Network::poll`](crate::Network::poll). Doesn't wait; does a bounded amount of work.
    ///
    /// # Errors
    ///
    /// [`HttpError`].
    fn poll(&self, now: u64) -> Result<Served, HttpError>;

    /// Returns the totals since the server's start. Calls no other domain.
    ///
    /// # Errors
    ///
    /// [`HttpError::Rpc`] and [`HttpError::Busy`].
    #[idempotent]
    fn statistics(&self) -> Result<HttpStatistics, HttpError>;
}

/// The result of a [`poll`](HttpServer::poll).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Exchangeable)]
pub struct Served {
    /// Frames, and pieces of requests and answers, that were moved. If this is 0, the caller may rest for a while.
    pub moved: u32,
}

/// Totals since the server's start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Exchangeable)]
pub struct HttpStatistics {
    /// Requests that were answered in full, to the last byte.
    pub answered: u64,
    /// Requests that were answered with an error.
    pub refused: u64,
    /// Bytes of bodies that the network stack took.
    pub body_bytes: u64,
    /// Connections that were accepted.
    pub accepted: u64,
    /// Connections that were lost before their answer was complete.
    pub broken: u64,
    /// Connections that are open now.
    pub open: u32,
}

/// The reason why a server did not execute a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Exchangeable)]
#[non_exhaustive]
pub enum HttpError {
    /// The call did not reach the server, or the server died of it.
    Rpc(RpcError),
    /// The network stack refused a poll, or refused to listen.
    Network(TcpError),
    /// Another thread is in the server.
    Busy,
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rpc(error) => error.fmt(f),
            Self::Network(error) => write!(f, "the network stack: {error}"),
            Self::Busy => f.write_str("another thread is in the server: try again later"),
        }
    }
}

impl core::error::Error for HttpError {}

impl From<RpcError> for HttpError {
    fn from(error: RpcError) -> Self {
        Self::Rpc(error)
    }
}

impl From<TcpError> for HttpError {
    fn from(error: TcpError) -> Self {
        Self::Network(error)
    }
}
