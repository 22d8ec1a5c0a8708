//! Waiting for what other threads are about to do.

use samara_host_std::runtime;
use std::thread;
use std::time::{Duration, Instant};

/// Far beyond what any of it takes, and short enough that a failure that is waited for can be made small.
const WATCHDOG: Duration = Duration::from_secs(5);

/// Yields until `done`.
///
/// # Panics
/// If `what` never comes.
pub(crate) fn wait_until(what: impl Fn() -> String, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        // Who leaves last does not reclaim here.
        runtime().reap();
        assert!(start.elapsed() < WATCHDOG, "{} never came", what());
        thread::yield_now();
    }
}
