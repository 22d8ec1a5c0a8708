//! Threads of domains: `std` threads that park on a flag of their own.

use crate::authority;
use samara_domain_runtime::threads::{DomainThread, MAX_THREADS};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

/// A flag that says whether the thread was woken since its last park.
struct Flag(Mutex<bool>, Condvar);

static FLAGS: [Flag; MAX_THREADS] =
    [const { Flag(Mutex::new(false), Condvar::new()) }; MAX_THREADS];

fn lock(flag: &Flag) -> MutexGuard<'_, bool> {
    flag.0.lock().unwrap_or_else(PoisonError::into_inner)
}

type Around = fn(&mut dyn FnMut());

static AROUND: OnceLock<Around> = OnceLock::new();

/// Makes each thread that a domain spawns from now on run inside `around`, which must call its argument once. Only
/// the first call of this function has an effect. Returns whether this call was the first.
///
/// # Panics
/// On a thread that acts for a domain, which has no such authority.
pub fn set_around_threads(around: Around) -> bool {
    authority::demand("set_around_threads");
    AROUND.set(around).is_ok()
}

/// Starts `thread`, or returns it if the system has no thread left.
pub(crate) fn spawn(thread: DomainThread) -> Result<(), DomainThread> {
    let name = format!("domain-thread-{}", thread.index());
    // Discards a wake that was meant for the previous thread with this index.
    *lock(&FLAGS[thread.index()]) = false;
    // The thread is shared with the closure, since `std` drops the closure of a thread that it cannot start.
    let held = Arc::new(Mutex::new(Some(thread)));
    let handed = Arc::clone(&held);
    let take = |held: &Mutex<Option<_>>| held.lock().unwrap_or_else(PoisonError::into_inner).take();
    let run = move || {
        let mut run = || take(&handed).map_or((), DomainThread::run);
        match AROUND.get() {
            Some(around) => around(&mut run),
            None => run(),
        }
    };
    match thread::Builder::new().name(name).spawn(run) {
        // The thread is not joined: the system frees it when it ends.
        Ok(_) => Ok(()),
        Err(_) => take(&held).map_or(Ok(()), Err),
    }
}

pub(crate) fn park(index: usize, timeout: Option<Duration>) {
    // Longer than any program runs, and short enough that the deadline does not overflow.
    const LONG: Duration = Duration::from_secs(1 << 32);
    let flag = &FLAGS[index];
    let timeout = timeout.unwrap_or(LONG).min(LONG);
    let waited = flag
        .1
        .wait_timeout_while(lock(flag), timeout, |woken| !*woken);
    *waited.unwrap_or_else(PoisonError::into_inner).0 = false;
}

pub(crate) fn wake(index: usize) {
    let flag = &FLAGS[index];
    *lock(flag) = true;
    flag.1.notify_all();
}
