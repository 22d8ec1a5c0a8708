//! Single flight: one restart or stop of a service at a time, whoever asks for it.

use crate::host;
use crate::primitive::atomic::{AtomicPtr, Ordering};
use core::ptr;
use samara_shared_heap::thread::{self, ThreadSlot};

/// The thread slot of whoever restarts or stops a service now; null when nobody does.
#[derive(Debug)]
pub(super) struct Flight(AtomicPtr<ThreadSlot>);

/// Ends a flight when dropped.
#[derive(Debug)]
pub(super) struct Ending<'a>(&'a Flight);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl Flight {
    pub(super) const fn new() -> Self {
        Self(AtomicPtr::new(ptr::null_mut()))
    }

    /// Begins one if there is none; whoever got true calls [`end`](Self::end).
    pub(super) fn try_begin(&self) -> bool {
        let me = ptr::from_ref(thread::current()).cast_mut();
        self.0
            .compare_exchange(ptr::null_mut(), me, Ordering::Acquire, Ordering::Relaxed)
            .is_ok()
    }

    pub(super) fn end(&self) {
        self.0.store(ptr::null_mut(), Ordering::Release);
    }

    /// Whether this thread has begun it.
    pub(super) fn is_mine(&self) -> bool {
        ptr::eq(self.0.load(Ordering::Relaxed), thread::current())
    }

    /// Waits for another's end. `None` past `deadline`, and at once if it is this thread's own.
    pub(super) fn begin(&self, deadline: u64) -> Option<Ending<'_>> {
        while !self.try_begin() {
            if self.is_mine() || host::now_ns() > deadline {
                return None;
            }
            host::yield_now();
        }
        Some(Ending(self))
    }
}
