//! The object that the stack hands out for a port on which connections are accepted.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, Ordering};

use samara_domain::Proxy;
use samara_interfaces::tcp::{TcpError, TcpListener, TcpStream};

use crate::shared::Shared;
use crate::stream::Stream;

/// The right to accept connections on a port.
pub(crate) struct Listener {
    shared: Arc<Shared>,
    port: u16,
    /// This mark is true until the listener is dropped.
    open: Arc<AtomicBool>,
}

impl Listener {
    pub(crate) fn new(shared: Arc<Shared>, port: u16, open: Arc<AtomicBool>) -> Self {
        Self { shared, port, open }
    }
}

impl TcpListener for Listener {
    fn accept(&self) -> Result<Option<Proxy<dyn TcpStream>>, TcpError> {
        let Some(index) = self.shared.lock()?.accept(self.port) else {
            return Ok(None);
        };
        // If there is no memory for the export, the stream is dropped, which resets the connection.
        let stream = Stream::new(Arc::clone(&self.shared), index);
        let stream = Proxy::export(stream).map_err(|(error, _)| error)?;
        Ok(Some(stream))
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.open.store(false, Ordering::Release);
    }
}
