//! The tick of each thread's timer.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;

/// Time between two ticks.
pub(super) const PERIOD: Duration = Duration::from_millis(2);

/// Whether any thread had ticks: from then on budgets are taken for kept.
static TICKING: AtomicBool = AtomicBool::new(false);

/// From now on there are ticks.
pub(super) fn say_ticking() {
    TICKING.store(true, SeqCst);
}

/// Whether budgets are kept, on threads that asked for ticks.
pub(crate) fn are_ticking() -> bool {
    TICKING.load(SeqCst)
}
