//! Threads that wait for another one.
//!
//! While two of them wait, loom explores every number of turns that they take before the third goes on: those schedules
//! have no end, and differ in nothing else. An execution explores so many looks in vain; the rest of it runs by loom's
//! own schedule, in which the thread that has waited least goes on.

use std::cell::Cell;

/// Looks in vain that an execution explores, of all its threads. The executions of a model grow with it linearly: each
/// one more adds a turn to the schedules above, and no other schedule.
const EXPLORED: u32 = 16;

thread_local! {
    static LOOKS: Cell<u32> = const { Cell::new(0) };
    /// Executions of this model that looked more often.
    static CUT_SHORT: Cell<u64> = const { Cell::new(0) };
}

/// The running thread has looked in vain: others go on first.
pub fn yield_now() {
    let looks = LOOKS.get() + 1;
    LOOKS.set(looks);
    if looks == EXPLORED {
        CUT_SHORT.set(CUT_SHORT.get() + 1);
        loom::skip_branch();
    }
    loom::thread::yield_now();
}

/// Begins a model.
pub(crate) fn begin() {
    CUT_SHORT.set(0);
}

/// Begins an execution.
pub(crate) fn begin_execution() {
    LOOKS.set(0);
}

/// How many executions of this model were explored to the bound only.
pub(crate) fn cut_short() -> u64 {
    CUT_SHORT.get()
}
