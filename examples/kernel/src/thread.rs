//! What the kernel and the crates keep for each thread. There is one thread today.

use core::sync::atomic::{AtomicBool, Ordering};

use samara::heap::thread::ThreadSlot;
use samara_unwind::ThreadState;

/// A thread of the kernel.
pub(crate) struct Thread {
    /// On whose behalf it runs.
    pub(crate) slot: ThreadSlot,
    /// Its panics in flight.
    pub(crate) unwind: ThreadState,
    formatting: AtomicBool,
}

// SAFETY: a slot may be touched by its own thread only. This is the only thread, and trap handlers
// leave slots alone.
unsafe impl Sync for Thread {}

static MAIN: Thread = Thread {
    slot: ThreadSlot::new(0),
    unwind: ThreadState::new(),
    formatting: AtomicBool::new(false),
};

/// The running thread.
pub(crate) fn current() -> &'static Thread {
    &MAIN
}

fn unwind_state() -> &'static ThreadState {
    &current().unwind
}

samara_unwind::set_thread_state!(unwind_state);

/// While a thread formats a panic's message, which runs the panicking code's `Display`. Ends also
/// if that unwinds.
pub(crate) struct Formatting(&'static Thread);

impl Formatting {
    /// `None` if this thread is formatting one already.
    pub(crate) fn begin() -> Option<Self> {
        let thread = current();
        // Made only if it is wanted: dropping one ends the formatting.
        (!thread.formatting.swap(true, Ordering::Relaxed)).then(|| Self(thread))
    }
}

impl Drop for Formatting {
    fn drop(&mut self) {
        self.0.formatting.store(false, Ordering::Relaxed);
    }
}
