//! The ticks of the threads' timers.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;

/// Time between two ticks.
pub(super) const PERIOD: Duration = Duration::from_millis(2);

/// Whether any thread has ever had ticks. Once a thread has had ticks, the host says that it enforces budgets.
static TICKING: AtomicBool = AtomicBool::new(false);

/// Notes that there are ticks from now on.
pub(super) fn say_ticking() {
    TICKING.store(true, SeqCst);
}

/// Whether the host enforces budgets, on threads that asked for ticks.
pub(crate) fn are_ticking() -> bool {
    TICKING.load(SeqCst)
}
