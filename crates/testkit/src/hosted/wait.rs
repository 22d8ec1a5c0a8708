//! Waiting for another thread, with a watchdog so that a failure is a failure and not a hang.

use std::time::{Duration, Instant};

/// Far beyond what any wait takes on a loaded machine.
const WATCHDOG: Duration = Duration::from_secs(120);

/// Yields until `done`.
///
/// # Panics
/// If `what` never happens.
pub fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < WATCHDOG, "{what} never came");
        std::thread::yield_now();
    }
}
