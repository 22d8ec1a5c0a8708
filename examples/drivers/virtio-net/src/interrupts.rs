//! Waiting for frames: the receive queue's vector, asked for by the thread that waits, for as long as it does.
//!
//! The driver wants no interrupts (§2.7.7) but while a thread waits, so a queue that is polled causes none.

use core::sync::atomic::{AtomicBool, Ordering};

use samara_device_io::Interrupt;
use samara_driver::virtio::{self, NO_VECTOR, State, TransportError};
use spin::{Mutex, MutexGuard};

use crate::bring_up::Function;
use crate::pair::RX_QUEUE;

/// The vector.
const VECTOR: u16 = 0;

/// A vector, if the kernel offers one.
#[derive(Debug)]
pub(crate) struct Interrupts {
    line: Option<Mutex<Interrupt>>,
    /// The device could map the receive queue to it.
    mapped: AtomicBool,
}

impl Interrupts {
    pub(crate) fn claim(function: &Function) -> Self {
        Self {
            line: function.interrupt(VECTOR).ok().map(Mutex::new),
            mapped: AtomicBool::new(false),
        }
    }

    /// What the receive queue is started with.
    pub(crate) fn vector(&self) -> u16 {
        match self.line {
            Some(_) => VECTOR,
            None => NO_VECTOR,
        }
    }

    /// Takes note of what the device made of it.
    ///
    /// # Errors
    ///
    /// [`TransportError::Absent`] if the device doesn't say.
    pub(crate) fn see(&self, function: &Function) -> Result<(), TransportError> {
        if self.line.is_none() {
            return Ok(());
        }
        let mut vector = virtio::queue_vector(function, RX_QUEUE);
        if vector == NO_VECTOR {
            // All ones, as of a device that is blind for a moment.
            if virtio::state(function) == State::Absent {
                return Err(TransportError::Absent);
            }
            vector = virtio::queue_vector(function, RX_QUEUE);
        }
        let mapped = vector == VECTOR;
        self.mapped.store(mapped, Ordering::Relaxed);
        Ok(())
    }

    /// The vector, for as long as one thread waits: `Some(None)` if another does, `None` if it never fires.
    pub(crate) fn line(&self) -> Option<Option<MutexGuard<'_, Interrupt>>> {
        let line = self.line.as_ref()?;
        let mapped = self.mapped.load(Ordering::Relaxed);
        mapped.then(|| line.try_lock())
    }
}
