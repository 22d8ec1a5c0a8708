//! Waits for another thread, with a watchdog, so that a test fails instead of hanging.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// The limit of a wait: far longer than any wait takes, even on a loaded machine.
const WATCHDOG: Duration = Duration::from_secs(120);

/// Yields until `done` returns true.
///
/// # Panics
/// If it does not within two minutes. The message names `what`.
pub fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(
            start.elapsed() < WATCHDOG,
            "{what} did not come within {WATCHDOG:?}"
        );
        std::thread::yield_now();
    }
}

/// Runs `work` on a thread of its own, and returns its result. `None` if it panics, or does not end within `limit`.
/// If it does not end in time, the thread goes on and keeps everything that it holds.
pub fn within<R: Send + 'static>(
    limit: Duration,
    work: impl FnOnce() -> R + Send + 'static,
) -> Option<R> {
    let (done, ended) = mpsc::channel();
    std::thread::spawn(move || {
        // Sending fails if the work took so long that the caller no longer waits.
        let _ = done.send(work());
    });
    ended.recv_timeout(limit).ok()
}

/// A barrier for `parties` threads, with the watchdog: if one of the threads fails to come, the others fail, too.
#[derive(Debug)]
pub struct Gate {
    parties: usize,
    arrived: AtomicUsize,
}

impl Gate {
    /// Makes a gate that opens whenever `parties` threads wait at it.
    #[must_use]
    pub const fn new(parties: usize) -> Self {
        Self {
            parties,
            arrived: AtomicUsize::new(0),
        }
    }

    /// Waits until all threads have come.
    ///
    /// # Panics
    /// If they do not come within two minutes.
    pub fn wait(&self) {
        let round = self.arrived.fetch_add(1, SeqCst) / self.parties + 1;
        wait_until("another thread at the gate", || {
            self.arrived.load(SeqCst) >= round * self.parties
        });
    }
}
