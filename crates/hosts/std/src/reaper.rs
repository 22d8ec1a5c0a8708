//! Background threads that reap and supervise, for programs that would rather not poll. This is opt-in: until
//! one is started, a death wakes no thread.

use crate::{authority, enforced_limits};
use samara_domain_runtime::{Status, Supervisor, reaper};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// The number of background threads. While it is zero, a death costs only the load of this number.
static WATCHERS: AtomicUsize = AtomicUsize::new(0);
/// Counts wakes: deaths and last exits.
static WAKES: Mutex<u64> = Mutex::new(0);
static WOKEN: Condvar = Condvar::new();

/// The interval at which a supervisor polls while restarts have failed so far. It polls even without a death, to
/// repeat these restarts.
const AGAIN: Duration = Duration::from_millis(20);
/// The longest wait without a wake. A missed wake is made up for after this time at most.
const LATE: Duration = Duration::from_millis(500);

fn lock() -> MutexGuard<'static, u64> {
    WAKES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Called whenever a domain may be ready to be reclaimed.
pub(crate) fn wake() {
    if WATCHERS.load(Ordering::SeqCst) != 0 {
        let mut wakes = lock();
        *wakes = wakes.wrapping_add(1);
        drop(wakes);
        WOKEN.notify_all();
    }
}

/// Waits until the number of wakes is no longer `seen`, for at most `timeout`. Returns the number of wakes.
fn wait(seen: u64, timeout: Duration) -> u64 {
    let waited = WOKEN.wait_timeout_while(lock(), timeout, |wakes| *wakes == seen);
    *waited.unwrap_or_else(PoisonError::into_inner).0
}

/// A background thread of this module. Dropping it stops the thread and waits for its end.
#[derive(Debug)]
pub struct Background<R> {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<R>>,
}

impl<R: Send + 'static> Background<R> {
    fn start(name: &str, work: impl FnOnce(&AtomicBool) -> R + Send + 'static) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        // Some systems allocate a lock at its first use. It is used here, so that it lies in the host's heap.
        drop(lock());
        WOKEN.notify_all();
        WATCHERS.fetch_add(1, Ordering::SeqCst);
        let run = move || work(&stopped);
        let thread = thread::Builder::new()
            .name(name.to_string())
            .spawn(run)
            .ok();
        if thread.is_none() {
            WATCHERS.fetch_sub(1, Ordering::SeqCst);
        }
        Self { stop, thread }
    }

    /// Stops the thread and returns the value that it worked with. Returns `None` if the system could not start the
    /// thread, or if the thread panicked.
    #[must_use]
    pub fn stop(mut self) -> Option<R> {
        self.end()
    }
}

impl<R> Background<R> {
    fn end(&mut self) -> Option<R> {
        let thread = self.thread.take()?;
        self.stop.store(true, Ordering::SeqCst);
        wake();
        WATCHERS.fetch_sub(1, Ordering::SeqCst);
        thread.join().ok()
    }
}

impl<R> Drop for Background<R> {
    fn drop(&mut self) {
        self.end();
    }
}

/// Starts a thread that reclaims dead domains as soon as they have drained.
///
/// # Panics
/// On a thread that acts for a domain, which has no such authority.
#[must_use = "dropping it stops the reaper"]
pub fn spawn_reaper() -> Background<()> {
    authority::demand("spawn_reaper");
    Background::start("samara-reaper", |stop| {
        let mut seen = 0;
        while !stop.load(Ordering::SeqCst) {
            reaper::poll();
            seen = wait(seen, LATE);
        }
    })
}

/// Starts a thread that polls `supervisor` whenever a domain has died. [`Background::stop`] returns the supervisor.
///
/// # Panics
/// On a thread that acts for a domain, which has no such authority.
#[must_use = "dropping it stops the supervision"]
pub fn supervise(mut supervisor: Supervisor) -> Background<Supervisor> {
    authority::demand("supervise");
    Background::start("samara-supervisor", move |stop| {
        let mut seen = 0;
        while !stop.load(Ordering::SeqCst) {
            // A restart runs the domain's `init` on this thread.
            let again = match enforced_limits::as_the_others(|| supervisor.poll()) {
                Status::Waiting => AGAIN,
                _ => LATE,
            };
            seen = wait(seen, again);
        }
        supervisor
    })
}
