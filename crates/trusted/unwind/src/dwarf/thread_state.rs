//! What the unwinder keeps for each thread, and the hook that finds it.

#![expect(unsafe_code, reason = "the hook is bound by symbol")]

use super::exception::ExceptionSlot;
#[cfg(samara_tables)]
use core::ops::Range;

/// Panics that may be in flight on one thread at a time: each further one starts in a destructor
/// that an earlier one runs, and is contained there.
const MAX_IN_FLIGHT: usize = 8;

/// A thread's exception objects. The kernel keeps one for each of its threads.
#[derive(Debug)]
pub struct ThreadState {
    slots: [ExceptionSlot; MAX_IN_FLIGHT],
    /// For what a cut raises, however many panics are in flight. On its way from the landing to the boundary
    /// nothing of the code that was cut runs; a cut there gives it up and takes it again.
    #[cfg(samara_tables)]
    of_cut: ExceptionSlot,
}

impl ThreadState {
    /// A thread on which nothing is unwinding.
    #[expect(clippy::new_without_default, reason = "lives in statics")]
    pub const fn new() -> Self {
        Self {
            slots: [const { ExceptionSlot::new() }; MAX_IN_FLIGHT],
            #[cfg(samara_tables)]
            of_cut: ExceptionSlot::new(),
        }
    }

    pub(super) fn claim(&self) -> Option<&ExceptionSlot> {
        self.slots.iter().find(|slot| slot.claim())
    }

    /// What a cut raises. What began in the part of a stack that was `given_up` is released. (Nothing further in
    /// began elsewhere: a cut ends on the stack where it begins, and who had entered another is back.)
    #[cfg(samara_tables)]
    pub(super) fn claim_for_cut(&self, given_up: &Range<usize>) -> &ExceptionSlot {
        for slot in &self.slots {
            if slot.is_busy() && slot.began_in(given_up) {
                slot.release();
            }
        }
        // Where it is taken, a landing was cut: further in, for it ends before anything else runs.
        self.of_cut.claim();
        &self.of_cut
    }

    pub(super) fn is_unwinding(&self) -> bool {
        #[cfg(samara_tables)]
        if self.of_cut.is_busy() {
            return true;
        }
        self.slots.iter().any(ExceptionSlot::is_busy)
    }
}

unsafe extern "Rust" {
    // SAFETY: only `set_thread_state!` defines this symbol, with this signature.
    safe fn __samara_unwind_thread_state() -> &'static ThreadState;
}

pub(super) fn current() -> &'static ThreadState {
    __samara_unwind_thread_state()
}
