//! Waiting for what other threads are about to do.

use samara_domain_runtime::{Domain, Interface};
use samara_host_std::runtime;
use std::thread;
use std::time::{Duration, Instant};

/// Far longer than any of it takes, and short enough that a failure that is waited for can be made small.
const WATCHDOG: Duration = Duration::from_secs(5);

/// Yields until `done`.
///
/// # Panics
/// If `what` never comes.
pub(crate) fn wait_until(what: impl Fn() -> String, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        // The last thread that leaves a domain does not reclaim it.
        runtime().reap();
        assert!(start.elapsed() < WATCHDOG, "{} never came", what());
        thread::yield_now();
    }
}

/// Reaps until no domain is called by one of `names`.
///
/// # Panics
/// If one stays.
pub(crate) fn await_end(names: &[String]) {
    runtime().reap();
    let is_one = |name: &str| names.iter().any(|of| name == of);
    wait_until(
        || format!("the end of all generations of {names:?}"),
        || !runtime().domains().any(|info| is_one(info.name.as_str())),
    );
}

/// Ends a domain also where a step has failed.
pub(crate) struct Ending<I: ?Sized + Interface>(pub(crate) Domain<I>);

impl<I: ?Sized + Interface> Drop for Ending<I> {
    fn drop(&mut self) {
        self.0.kill();
    }
}
