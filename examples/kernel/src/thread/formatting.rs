//! Makes sure that each thread formats only one panic message at a time.

use core::sync::atomic::Ordering;

use super::cpu::current;
use super::tcb::Thread;

/// Marks that a thread formats the message of a panic, which runs the `Display` of the code that panicked. Dropping
/// this value ends the mark. This happens even if the `Display` unwinds.
pub(crate) struct Formatting(&'static Thread);

impl Formatting {
    /// Sets the mark of the running thread. Returns `None` if the thread is formatting a message already.
    pub(crate) fn begin() -> Option<Self> {
        let thread = current();
        let here = (&raw const thread).addr();
        let began =
            thread
                .formatting
                .compare_exchange(0, here, Ordering::Relaxed, Ordering::Relaxed);
        // The value is made only if the mark was set here. Dropping a value that was made too early would end the
        // earlier mark.
        began.is_ok().then(|| Self(thread))
    }
}

impl Drop for Formatting {
    fn drop(&mut self) {
        self.0.formatting.store(0, Ordering::Relaxed);
    }
}
