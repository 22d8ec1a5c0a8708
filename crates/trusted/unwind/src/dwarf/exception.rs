//! The exception object: pre-allocated, since raising must not allocate.

#[cfg(samara_tables)]
use core::ops::Range;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::unwinder::Object;

/// Room for one exception in flight.
#[repr(C)] // the object comes first: its address is the slot's
#[derive(Debug)]
pub(super) struct ExceptionSlot {
    pub(super) object: Object,
    busy: AtomicBool,
    /// Where on the stack the panic began; 0 until that is known.
    began: AtomicUsize,
}

impl ExceptionSlot {
    pub(super) const fn new() -> Self {
        Self {
            object: Object::new(),
            busy: AtomicBool::new(false),
            began: AtomicUsize::new(0),
        }
    }

    /// Takes the slot, if it is free.
    pub(super) fn claim(&self) -> bool {
        !self.is_busy() && !self.busy.swap(true, Ordering::Acquire)
    }

    /// The panic begins in a frame that the caller has called.
    pub(super) fn begins_here(&self) {
        let place = 0_u8;
        self.began
            .store((&raw const place).addr(), Ordering::Relaxed);
    }

    /// Whether the panic began in this part of a stack, or was just about to, for it to be given up.
    #[cfg(samara_tables)]
    pub(super) fn began_in(&self, given_up: &Range<usize>) -> bool {
        let began = self.began.load(Ordering::Relaxed);
        began == 0 || given_up.contains(&began)
    }

    pub(super) fn release(&self) {
        self.began.store(0, Ordering::Relaxed);
        self.busy.store(false, Ordering::Release);
    }

    pub(super) fn is_busy(&self) -> bool {
        self.busy.load(Ordering::Relaxed)
    }
}
