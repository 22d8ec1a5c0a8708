//! One panic message at a time for each thread.

use core::sync::atomic::Ordering;

use super::cpu::current;
use super::tcb::Thread;

/// While a thread formats a panic's message, which runs the panicking code's `Display`. Ends also
/// if that unwinds.
pub(crate) struct Formatting(&'static Thread);

impl Formatting {
    /// `None` if this thread is formatting one already.
    pub(crate) fn begin() -> Option<Self> {
        let thread = current();
        let here = (&raw const thread).addr();
        let began =
            thread
                .formatting
                .compare_exchange(0, here, Ordering::Relaxed, Ordering::Relaxed);
        // Made only if it is wanted: dropping one ends the formatting.
        began.is_ok().then(|| Self(thread))
    }
}

impl Drop for Formatting {
    fn drop(&mut self) {
        self.0.formatting.store(0, Ordering::Relaxed);
    }
}
