//! The unwinder's state for each thread, and the hook that finds it.

#![expect(unsafe_code, reason = "the hook is bound by symbol")]

use super::exception::ExceptionSlot;
#[cfg(samara_tables)]
use core::ops::Range;

/// The most panics that may be in flight on one thread. Each panic after the first starts in a destructor that an
/// earlier panic runs, and is contained there.
const MAX_IN_FLIGHT: usize = 8;

/// A thread's exception objects. The kernel keeps one for each of its threads.
#[derive(Debug)]
pub struct ThreadState {
    slots: [ExceptionSlot; MAX_IN_FLIGHT],
    /// The slot for the exception of a cut, which is available however many panics are in flight. Between the landing
    /// and the boundary no code that was cut runs. If the thread is cut there once more, that cut takes over the slot.
    #[cfg(samara_tables)]
    of_cut: ExceptionSlot,
}

impl ThreadState {
    /// Makes the state of a thread on which nothing is unwinding.
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

    /// Takes the slot for the exception of a cut. First releases the slots of the panics that began in `given_up`,
    /// the discarded part of a stack. No inner panic began on another stack: a cut ends on the stack where it begins,
    /// and a call that entered another stack has returned by then.
    #[cfg(samara_tables)]
    pub(super) fn claim_for_cut(&self, given_up: &Range<usize>) -> &ExceptionSlot {
        for slot in &self.slots {
            if slot.is_busy() && slot.began_in(given_up) {
                slot.release();
            }
        }
        // If the slot is already taken, this cut has interrupted the landing of an earlier cut, and takes over the
        // earlier cut's slot. The earlier landing was further in and is discarded, because a landing ends before any
        // other code runs.
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
