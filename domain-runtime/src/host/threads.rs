//! Threads.

use super::enforced_limits::EnforcedLimits;
use crate::threads::DomainThread;
use core::time::Duration;

/// Threads.
///
/// # Safety
/// All of it is called on threads of domains, some half-way out of a domain: nothing panics or calls into a
/// domain. Where it is not called as the host, it allocates nothing, which a domain's death would release.
/// [`spawn`](Self::spawn) gives back nothing but what it was given by the same call.
pub unsafe trait Threads {
    /// Lets other threads run: called in bounded waits.
    fn yield_now();

    /// A domain may be ready to be reclaimed: have some thread call
    /// [`reaper::poll`](crate::reaper::poll) soon. A host where nothing pre-empts need do nothing: whoever
    /// waits for the reclaim polls.
    fn wake_reaper() {}

    /// Starts a thread that calls [`DomainThread::run`]. Called as the host.
    ///
    /// # Errors
    /// Gives `thread` back on a host without threads, or without room for another.
    fn spawn(thread: DomainThread) -> Result<(), DomainThread> {
        Err(thread)
    }

    /// Blocks the running thread, whose [`index`](DomainThread::index) it is, until it is woken or
    /// `timeout` has passed. A wake that came before is not lost; returning early is allowed.
    fn park(index: usize, timeout: Option<Duration>) {
        let _ = (index, timeout);
        Self::yield_now();
    }

    /// What the host enforced_limits of what specs ask for. What it has once kept it goes on keeping.
    fn enforced_limits() -> EnforcedLimits {
        EnforcedLimits::NOTHING
    }

    /// Ends the park of the thread with this index, or its next one. Called for a signal on the thread
    /// that raises it: a host whose interrupt handlers do needs a `wake` that they may call.
    fn wake(index: usize) {
        let _ = index;
    }
}
