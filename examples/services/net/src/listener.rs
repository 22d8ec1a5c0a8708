//! A port on which connections are taken, as it is handed out.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, Ordering};

use samara_domain::Proxy;
use samara_interfaces::tcp::{TcpError, TcpListener, TcpStream};

use crate::shared::Shared;
use crate::stream::Stream;

/// The right to take connections on a port.
pub(crate) struct Listener {
    shared: Arc<Shared>,
    port: u16,
    /// Cleared when it's over.
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
        // If there's no memory for it the stream is dropped, and so the connection reset.
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
