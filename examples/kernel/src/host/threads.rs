//! Time and threads.

use core::time::Duration;

use samara::heap::thread::as_host;
use samara::runtime::host::{Clock, EnforcedLimits, Threads};
use samara::runtime::reaper;
use samara::runtime::threads::DomainThread;

use super::KernelHost;
use crate::thread;
use crate::thread::request::{self, Token};
use crate::thread::spawn::{Start, spawn};
use crate::thread::workers::Attendant;
use crate::time;

// SAFETY: reads the processor's clock.
unsafe impl Clock for KernelHost {
    fn now_ns() -> u64 {
        // 584 years fit.
        time::since_boot().as_nanos() as u64
    }
}

// SAFETY: requests to the scheduler, which allocate nothing and do not panic; what wakes the reaper does so, or
// reaps as the host; `spawn` is called as the host, and gives back the thread that it was given, or none.
unsafe impl Threads for KernelHost {
    fn yield_now() {
        request::yield_now();
    }

    /// Whoever leaves a dead domain last reclaims it on the spot: devices are quiet and memory is back
    /// before the failed call returns its error. Under the no-cut mark, where that would take too long,
    /// there is a thread for it.
    fn wake_reaper() {
        if thread::current().slot.in_no_cut() {
            Attendant::Reaper.wake();
        } else {
            // SAFETY: the reaper is trusted code of the host.
            unsafe { as_host(reaper::poll) };
        }
    }

    fn spawn(thread: DomainThread) -> Result<(), DomainThread> {
        // A wake that was meant for the last thread of this index.
        request::forget(Token::of_domain_thread(thread.index()));
        match spawn(Start::Domain(thread)) {
            Err(Start::Domain(thread)) => Err(thread),
            _ => Ok(()),
        }
    }

    fn park(index: usize, timeout: Option<Duration>) {
        request::park(Token::of_domain_thread(index), timeout);
    }

    fn enforced_limits() -> EnforcedLimits {
        EnforcedLimits::EVERYTHING
    }

    fn wake(index: usize) {
        request::wake(Token::of_domain_thread(index));
    }
}
