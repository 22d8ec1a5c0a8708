//! The receive queue's interrupt vector, on which a thread waits until frames arrive.
//!
//! The driver asks the device for interrupts (§2.7.7) only while a thread waits, so a queue that is polled causes none.

use core::sync::atomic::{AtomicBool, Ordering};

use samara_device_io::Interrupt;
use samara_driver::virtio::{self, NO_VECTOR, State, TransportError};
use spin::{Mutex, MutexGuard};

use crate::bring_up::Function;
use crate::pair::RX_QUEUE;

/// The MSI-X vector of the receive queue.
const VECTOR: u16 = 0;

/// The receive queue's vector, if the kernel offers one.
#[derive(Debug)]
pub(crate) struct Interrupts {
    line: Option<Mutex<Interrupt>>,
    /// Whether the device has mapped the receive queue to the vector.
    mapped: AtomicBool,
}

impl Interrupts {
    /// Claims the vector. Without a vector, callers can't wait and must poll the queue.
    pub(crate) fn claim(function: &Function) -> Self {
        Self {
            line: function.interrupt(VECTOR).ok().map(Mutex::new),
            mapped: AtomicBool::new(false),
        }
    }

    /// Returns the vector with which the receive queue is started.
    pub(crate) fn vector(&self) -> u16 {
        match self.line {
            Some(_) => VECTOR,
            None => NO_VECTOR,
        }
    }

    /// Notes whether the device has mapped the started receive queue to the vector (§4.1.5.1.2).
    ///
    /// # Errors
    ///
    /// [`TransportError::Absent`] if the device doesn't answer.
    pub(crate) fn see(&self, function: &Function) -> Result<(), TransportError> {
        if self.line.is_none() {
            return Ok(());
        }
        let mut vector = virtio::queue_vector(function, RX_QUEUE);
        if vector == NO_VECTOR {
            // "No vector" is all ones, and a device that does not answer for a moment also reads as all ones. So the
            // value counts only if the device answers.
            if virtio::state(function) == State::Absent {
                return Err(TransportError::Absent);
            }
            vector = virtio::queue_vector(function, RX_QUEUE);
        }
        let mapped = vector == VECTOR;
        self.mapped.store(mapped, Ordering::Relaxed);
        Ok(())
    }

    /// Locks the vector for the time of one thread's wait. Returns `Some(None)` if another thread waits on it, and
    /// `None` if the vector never fires.
    pub(crate) fn line(&self) -> Option<Option<MutexGuard<'_, Interrupt>>> {
        let line = self.line.as_ref()?;
        let mapped = self.mapped.load(Ordering::Relaxed);
        mapped.then(|| line.try_lock())
    }
}
