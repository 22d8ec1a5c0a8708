//! Waiting for what other threads are about to do.

use std::thread;
use std::time::{Duration, Instant};

/// Far beyond what any of it takes, and short enough that a failure that is waited for can be made small.
const WATCHDOG: Duration = Duration::from_secs(20);

/// Yields until `done`.
///
/// # Panics
/// If `what` never comes.
pub(crate) fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < WATCHDOG, "{what} never came");
        thread::yield_now();
    }
}
