//! Waiting for another thread, with a watchdog so that a failure is a failure and not a hang.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc;
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

/// What `work` gives on a thread of its own. `None` if it panics, or does not end within `limit`: that thread
/// is lost, whatever it holds.
pub fn within<R: Send + 'static>(
    limit: Duration,
    work: impl FnOnce() -> R + Send + 'static,
) -> Option<R> {
    let (done, ended) = mpsc::channel();
    std::thread::spawn(move || {
        // Nobody waits any more if it took too long.
        let _ = done.send(work());
    });
    ended.recv_timeout(limit).ok()
}

/// A barrier for `parties` threads, with the watchdog: where one of them fails, the others do too.
#[derive(Debug)]
pub struct Gate {
    parties: usize,
    arrived: AtomicUsize,
}

impl Gate {
    /// A gate that opens when `parties` threads wait at it, again and again.
    #[must_use]
    pub const fn new(parties: usize) -> Self {
        Self {
            parties,
            arrived: AtomicUsize::new(0),
        }
    }

    /// Waits until all have come.
    ///
    /// # Panics
    /// If they do not.
    pub fn wait(&self) {
        let round = self.arrived.fetch_add(1, SeqCst) / self.parties + 1;
        wait_until("the other thread", || {
            self.arrived.load(SeqCst) >= round * self.parties
        });
    }
}
