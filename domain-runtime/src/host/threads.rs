//! Threads.

use super::enforced_limits::EnforcedLimits;
use crate::threads::DomainThread;
use core::time::Duration;

/// Threads.
///
/// # Safety
/// All functions are called on threads of domains, some of them half-way out of a domain: they do not panic, and do
/// not call into a domain. A function that is not called as the host allocates nothing, since the memory would be
/// released with the domain. If [`spawn`](Self::spawn) gives a thread back, it is the thread that this call has
/// passed to it.
pub unsafe trait Threads {
    /// Lets other threads run. Called in bounded waits.
    fn yield_now();

    /// Has some thread call [`reaper::poll`](crate::reaper::poll) soon, since a domain may be ready to be reclaimed.
    /// A host without pre-emption need do nothing: a thread that waits for the reclaim polls.
    fn wake_reaper() {}

    /// Starts a thread that calls [`DomainThread::run`]. Called as the host.
    ///
    /// # Errors
    /// Gives `thread` back on a host without threads, or without room for another.
    fn spawn(thread: DomainThread) -> Result<(), DomainThread> {
        Err(thread)
    }

    /// Blocks the running thread, whose [`index`](DomainThread::index) is given, until it is woken or `timeout` has
    /// passed. A wake that came before the park ends the park at once. The function may return early.
    fn park(index: usize, timeout: Option<Duration>) {
        let _ = (index, timeout);
        Self::yield_now();
    }

    /// The limits of specs that the host enforces. Once the host has enforced a limit, it goes on enforcing that
    /// limit.
    fn enforced_limits() -> EnforcedLimits {
        EnforcedLimits::NOTHING
    }

    /// Ends the park of the thread with this index, or its next park. The thread that raises a signal calls this. If
    /// interrupt handlers raise signals, they must be able to call it.
    fn wake(index: usize) {
        let _ = index;
    }
}
