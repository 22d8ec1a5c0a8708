//! The exception object, which is allocated in advance, because raising must not allocate.

#[cfg(samara_tables)]
use core::ops::Range;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::unwinder::Object;

/// A slot for one exception in flight.
#[repr(C)] // the object comes first, so its address is the slot's
#[derive(Debug)]
pub(super) struct ExceptionSlot {
    pub(super) object: Object,
    busy: AtomicBool,
    /// The address on the stack at which the panic began; 0 until it is known.
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

    /// Takes the slot if it is free. Returns whether it was.
    pub(super) fn claim(&self) -> bool {
        !self.is_busy() && !self.busy.swap(true, Ordering::Acquire)
    }

    /// Notes the current address on the stack as the place where the panic begins.
    pub(super) fn begins_here(&self) {
        let place = 0_u8;
        self.began
            .store((&raw const place).addr(), Ordering::Relaxed);
    }

    /// Whether the panic began in `given_up`, the discarded part of a stack. True also if no address is noted, because
    /// the thread was then cut while it claimed or released the slot.
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
