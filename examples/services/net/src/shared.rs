//! The state that listeners and streams share with the stack.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, Ordering};

use samara_interfaces::tcp::TcpError;
use spin::{Mutex, MutexGuard};

use crate::args::MAX_SOCKETS;
use crate::sockets::Sockets;

/// The sockets, and marks that can be set without the lock on the sockets, since destructors must not wait.
pub(crate) struct Shared {
    sockets: Mutex<Sockets>,
    /// For each socket: whether its stream was dropped, but the socket is not cleaned up yet.
    dropped: [AtomicBool; MAX_SOCKETS],
}

impl Shared {
    pub(crate) fn new(sockets: Sockets) -> Arc<Self> {
        Arc::new(Self {
            sockets: Mutex::new(sockets),
            dropped: [const { AtomicBool::new(false) }; MAX_SOCKETS],
        })
    }

    /// Locks the sockets, and ends the connections of the sockets whose streams were dropped meanwhile.
    ///
    /// # Errors
    ///
    /// [`TcpError::Busy`] if another thread holds the lock.
    pub(crate) fn lock(&self) -> Result<MutexGuard<'_, Sockets>, TcpError> {
        let mut sockets = self.sockets.try_lock().ok_or(TcpError::Busy)?;
        for (index, dropped) in self.dropped.iter().enumerate() {
            if dropped.load(Ordering::Relaxed) && dropped.swap(false, Ordering::Acquire) {
                sockets.stream_dropped(index);
            }
        }
        Ok(sockets)
    }

    /// Marks that the stream of this socket was dropped.
    pub(crate) fn drop_stream(&self, index: usize) {
        if let Some(dropped) = self.dropped.get(index) {
            dropped.store(true, Ordering::Release);
        }
    }
}
