//! Bounds the exploration of loops in which a thread waits for another thread.
//!
//! While two threads wait for a third, loom tries every number of turns that the two may take before the third goes
//! on. There are infinitely many such schedules, which differ in nothing but that number. So loom explores an
//! execution only up to a fixed number of waits. For the rest of the execution it takes one schedule, its own: the
//! thread that has waited least goes on.

use std::cell::Cell;

/// The number of waits, summed over all threads, up to which loom explores an execution. The number of executions of
/// a test grows linearly with this bound: one more wait adds one turn to the schedules described above.
const EXPLORED: u32 = 16;

thread_local! {
    static LOOKS: Cell<u32> = const { Cell::new(0) };
    /// The number of executions of this test that reached [`EXPLORED`].
    static CUT_SHORT: Cell<u64> = const { Cell::new(0) };
}

/// Tells loom that the running thread has looked for a change and found none, so that other threads go on first.
pub fn yield_now() {
    let looks = LOOKS.get() + 1;
    LOOKS.set(looks);
    if looks == EXPLORED {
        CUT_SHORT.set(CUT_SHORT.get() + 1);
        loom::skip_branch();
    }
    loom::thread::yield_now();
}

/// Begins a test.
pub(crate) fn begin() {
    CUT_SHORT.set(0);
}

/// Begins an execution.
pub(crate) fn begin_execution() {
    LOOKS.set(0);
}

/// Returns how many executions of this test were explored only up to the bound.
pub(crate) fn cut_short() -> u64 {
    CUT_SHORT.get()
}
