//! The API of threads for domains: `samara_domain::thread`. Safe, and without authority over the threads of other
//! domains.

use super::start::{Body, DomainThread};
use super::{Claim, PLACES};
use crate::call::{self, Target};
use crate::contain;
use crate::host;
use crate::primitive::atomic::Ordering::SeqCst;
use crate::state::State;
use core::fmt;
use core::time::Duration;
use samara_shared_heap::thread;

/// Why no thread was spawned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SpawnError {
    /// The caller is no domain.
    NotADomain,
    /// The domain has as many threads as its spec allows, or all places are taken.
    Limit,
    /// The domain's private heap has no room for the closure.
    OutOfMemory,
    /// The domain is being stopped.
    Stopping,
    /// The host has no threads, or no more of them.
    Refused,
}

impl fmt::Display for SpawnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotADomain => "only a domain spawns threads here; the host has its own",
            Self::Limit => "the domain has all the threads it may have; let one end first",
            Self::OutOfMemory => "no private memory for the thread's closure; free some",
            Self::Stopping => "the domain is being stopped; finish",
            Self::Refused => "the host started no thread; do the work on this one",
        })
    }
}

impl core::error::Error for SpawnError {}

/// A thread of the domain's own. Plain data: dropping it lets the thread run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thread {
    index: usize,
    serial: u32,
}

/// Runs `body` on a new thread of the calling domain. The captures of `body` are the domain's own: `body` cannot
/// capture a reference that was lent for a call. A panic in it is the domain's death.
///
/// The thread must end when [`is_stopping`] says so. If the domain dies, the thread is cut at its next boundary: a
/// call's return, [`park`], [`yield_now`], [`spawn`].
///
/// ```compile_fail,E0521
/// # use samara_domain_runtime::threads::api::spawn;
/// fn method(lent: &u64) {
///     spawn(|| assert_eq!(*lent, 0)); // borrowed data escapes
/// }
/// ```
///
/// # Errors
/// See [`SpawnError`]; `body` is dropped then.
pub fn spawn<F: FnOnce() + Send + 'static>(body: F) -> Result<Thread, SpawnError> {
    let target = call::current_target().ok_or(SpawnError::NotADomain)?;
    call::checkpoint();
    if is_stopping() {
        return Err(SpawnError::Stopping);
    }
    let body = Body::try_new(body).map_err(|_| SpawnError::OutOfMemory)?;
    let started = start(target, &body);
    if started.is_err() {
        // SAFETY: the closure was not run. The caller's entry keeps the domain from being reclaimed (LIFE-2).
        drop(unsafe { body.take() });
    }
    started
}

/// Has the host run `body` on a thread of its own. This runs as the host: a thread that was cut while it holds a
/// place or a hold would leave them taken, and the domain would never be reclaimed.
fn start<F: FnOnce() + Send + 'static>(
    target: Target,
    body: &Body<F>,
) -> Result<Thread, SpawnError> {
    let start = || {
        let claim = Claim::new(target.block().owner()).ok_or(SpawnError::Limit)?;
        let handle = Thread {
            index: claim.index,
            serial: claim.serial(),
        };
        let (spawned, spent) = super::start::spawn_thread(DomainThread::new(target, claim, body));
        // The host's work for the thread is time of the domain, also where the host waits.
        contain::host_worked(spent.time, spent.ticks);
        spawned
            .map(|()| handle)
            .map_err(|_back| SpawnError::Refused)
    };
    // SAFETY: this is code of the runtime and of the host; the closure runs on the new thread only (AUTH-8).
    unsafe { thread::as_host(start) }
}

impl Thread {
    /// Whether it has ended.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        PLACES[self.index].serial.load(SeqCst) != self.serial
    }

    /// Ends the thread's [`park`], or its next one. Does nothing if the thread is not of the calling domain.
    pub fn unpark(&self) {
        let place = &PLACES[self.index];
        let owner = thread::current().owner().index();
        if place.owner.load(SeqCst) as usize == owner && !self.is_finished() {
            // If the place goes to another thread now, that one wakes for nothing, which is allowed.
            host::wake_thread(self.index);
        }
    }

    /// Waits until the thread has ended. A boundary: it does not return if the thread panicked, since that was the
    /// death of the caller's domain too.
    pub fn join(self) {
        while !self.is_finished() {
            yield_now();
        }
        // A thread that causes the domain's death marks the death before the thread itself ends.
        call::checkpoint();
    }
}

/// The running thread's handle, if it is one that the calling domain spawned.
#[must_use]
pub fn current() -> Option<Thread> {
    let index = super::own_place(thread::current().owner())?;
    Some(Thread {
        index,
        serial: PLACES[index].serial.load(SeqCst),
    })
}

/// Whether the calling domain is being stopped in an orderly way: its threads must then end.
#[must_use]
pub fn is_stopping() -> bool {
    call::current_target().is_some_and(|target| target.block().word().state() == State::Draining)
}

/// Waits for [`Thread::unpark`] or a stop of the domain, and may also return for no reason: check the awaited
/// condition, and [`is_stopping`]. On a thread that came in by a call it only yields. A boundary.
pub fn park() {
    park_for(None);
}

/// As [`park`], for at most `timeout`.
pub fn park_timeout(timeout: Duration) {
    park_for(Some(timeout));
}

fn park_for(timeout: Option<Duration>) {
    within_budget(|longest| {
        let timeout = match (timeout, longest) {
            (Some(timeout), Some(longest)) => Some(timeout.min(longest)),
            (either, other) => either.or(other),
        };
        // The order matters: if a stop or a death comes after this check, it wakes the place, so the park ends at
        // once.
        match super::own_place(thread::current().owner()) {
            Some(index) if !is_stopping() => host::park_thread(index, timeout),
            _ => {
                host::yield_now();
                // Ticks charge the wait.
                0
            }
        }
    });
}

/// Waits, for no longer than the budget of the calling thread allows, and charges the wait to that budget. `wait`
/// returns the microseconds that ticks have counted, uncharged.
fn within_budget(wait: impl FnOnce(Option<Duration>) -> u32) {
    call::checkpoint();
    let longest = contain::may_wait();
    let began = longest.map(|_| host::now_ns());
    let ticks = wait(longest);
    if let Some(began) = began {
        let took = host::now_ns().saturating_sub(began);
        contain::waited(Duration::from_nanos(took), ticks);
    }
    call::checkpoint();
}

/// Lets other threads run. A boundary: it does not return if the calling domain is dead.
pub fn yield_now() {
    within_budget(|_| {
        host::yield_now();
        0
    });
}
