//! Waits for events on other threads.

use samara_domain_runtime::{Domain, Interface};
use samara_host_std::runtime;
use std::thread;
use std::time::{Duration, Instant};

/// The time after which an event counts as missing. It is far longer than any event takes. It is no longer than that,
/// because shrinking a failure waits for it many times.
const WATCHDOG: Duration = Duration::from_secs(5);

/// Reaps and yields until `done` returns true.
///
/// # Panics
/// If `what` does not happen in time.
pub(crate) fn wait_until(what: impl Fn() -> String, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        // The last thread that leaves a dead domain does not reclaim it, so this thread does.
        runtime().reap();
        assert!(
            start.elapsed() < WATCHDOG,
            "{} did not happen in time",
            what()
        );
        thread::yield_now();
    }
}

/// Reaps until no domain has one of `names`.
///
/// # Panics
/// If a domain remains.
pub(crate) fn await_end(names: &[String]) {
    runtime().reap();
    let is_one = |name: &str| names.iter().any(|of| name == of);
    wait_until(
        || format!("the end of all generations of {names:?}"),
        || !runtime().domains().any(|info| is_one(info.name.as_str())),
    );
}

/// Kills a domain when it is dropped, also after a step has failed.
pub(crate) struct Ending<I: ?Sized + Interface>(pub(crate) Domain<I>);

impl<I: ?Sized + Interface> Drop for Ending<I> {
    fn drop(&mut self) {
        self.0.kill();
    }
}
