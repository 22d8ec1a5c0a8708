//! Threads of domains: `std` threads that park on a flag of their own.

use crate::authority;
use samara_domain_runtime::threads::{DomainThread, MAX_THREADS};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

/// Whether the thread was woken since its last park.
struct Flag(Mutex<bool>, Condvar);

static FLAGS: [Flag; MAX_THREADS] =
    [const { Flag(Mutex::new(false), Condvar::new()) }; MAX_THREADS];

fn lock(flag: &Flag) -> MutexGuard<'_, bool> {
    flag.0.lock().unwrap_or_else(PoisonError::into_inner)
}

type Around = fn(&mut dyn FnMut());

static AROUND: OnceLock<Around> = OnceLock::new();

/// Has threads of domains run inside `around` from now on, which calls what it is given once. The first
/// one stays; returns whether it is this one.
///
/// # Panics
/// On a thread that acts for a domain: it has no such authority.
pub fn set_around_threads(around: Around) -> bool {
    authority::demand("set_around_threads");
    AROUND.set(around).is_ok()
}

/// Starts `thread`; gives it back when the system has no more threads.
pub(crate) fn spawn(thread: DomainThread) -> Result<(), DomainThread> {
    let name = format!("domain-thread-{}", thread.index());
    // A wake that was meant for the last thread of this index.
    *lock(&FLAGS[thread.index()]) = false;
    // Shared with the closure, since `std` drops the closure of a thread that it cannot start.
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
        // Not joined: the system frees it when it ends.
        Ok(_) => Ok(()),
        Err(_) => take(&held).map_or(Ok(()), Err),
    }
}

pub(crate) fn park(index: usize, timeout: Option<Duration>) {
    // Longer than any program runs, and no overflow in the deadline.
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
