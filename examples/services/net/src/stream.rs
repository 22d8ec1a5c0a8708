//! The object that the stack hands out for a connection.

use alloc::sync::Arc;

use samara_domain::RRef;
use samara_interfaces::tcp::{Received, TcpError, TcpStream};
use smoltcp::socket::tcp::{RecvError, Socket};

use crate::shared::Shared;

/// The exclusive right to use one socket, until this value is dropped.
pub(crate) struct Stream {
    shared: Arc<Shared>,
    index: usize,
}

impl Stream {
    pub(crate) fn new(shared: Arc<Shared>, index: usize) -> Self {
        Self { shared, index }
    }

    fn with<R>(
        &self,
        work: impl FnOnce(&mut Socket<'static>) -> Result<R, TcpError>,
    ) -> Result<R, TcpError> {
        let mut sockets = self.shared.lock()?;
        work(sockets.socket(self.index).ok_or(TcpError::Closed)?)
    }
}

impl TcpStream for Stream {
    fn recv(&self, mut into: RRef<[u8]>) -> Result<Received, TcpError> {
        let (len, ended) = self.with(|socket| match socket.recv_slice(&mut into) {
            Ok(0) if into.is_empty() => Ok((0, false)),
            Ok(len) => Ok((len, false)),
            Err(RecvError::Finished) => Ok((0, true)),
            Err(RecvError::InvalidState) => Err(TcpError::Closed),
        })?;
        Ok(Received {
            buffer: into,
            len,
            ended,
        })
    }

    fn send(&self, data: &RRef<[u8]>, start: usize, end: usize) -> Result<usize, TcpError> {
        let data = data.get(start..end).unwrap_or_default();
        self.with(|socket| socket.send_slice(data).map_err(|_| TcpError::Closed))
    }

    fn finish(&self) -> Result<(), TcpError> {
        self.with(|socket| {
            socket.close();
            Ok(())
        })
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.shared.drop_stream(self.index);
    }
}
