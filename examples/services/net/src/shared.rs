//! What the handed-out objects share with the stack.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, Ordering};

use samara_interfaces::tcp::TcpError;
use spin::{Mutex, MutexGuard};

use crate::args::MAX_SOCKETS;
use crate::sockets::Sockets;

/// The stack, and marks that can be set without its lock: destructors don't wait.
pub(crate) struct Shared {
    sockets: Mutex<Sockets>,
    /// By socket: its stream is gone.
    dropped: [AtomicBool; MAX_SOCKETS],
}

impl Shared {
    pub(crate) fn new(sockets: Sockets) -> Arc<Self> {
        Arc::new(Self {
            sockets: Mutex::new(sockets),
            dropped: [const { AtomicBool::new(false) }; MAX_SOCKETS],
        })
    }

    /// The stack, after what was dropped meanwhile was tidied away.
    ///
    /// # Errors
    ///
    /// Another thread has it.
    pub(crate) fn lock(&self) -> Result<MutexGuard<'_, Sockets>, TcpError> {
        let mut sockets = self.sockets.try_lock().ok_or(TcpError::Busy)?;
        for (index, dropped) in self.dropped.iter().enumerate() {
            if dropped.load(Ordering::Relaxed) && dropped.swap(false, Ordering::Acquire) {
                sockets.stream_dropped(index);
            }
        }
        Ok(sockets)
    }

    /// The stream on this socket is gone.
    pub(crate) fn drop_stream(&self, index: usize) {
        if let Some(dropped) = self.dropped.get(index) {
            dropped.store(true, Ordering::Release);
        }
    }
}
