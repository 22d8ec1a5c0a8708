//! The runtime's clock and threads.

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

// SAFETY: `now_ns` only reads a device register: it takes no lock, allocates nothing, calls into no domain and does not
// panic.
unsafe impl Clock for KernelHost {
    fn now_ns() -> u64 {
        // 64 bits hold 584 years.
        time::since_boot().as_nanos() as u64
    }
}

// SAFETY: the methods make requests to the scheduler, which allocate nothing and do not panic. `wake_reaper` wakes
// the reaper's thread, or reaps as the host. The runtime calls `spawn` as the host. `spawn` starts the thread that it
// is given, or returns the same thread.
unsafe impl Threads for KernelHost {
    fn yield_now() {
        request::yield_now();
    }

    /// Reclaims dead domains on the running thread. So if this thread is the last to leave a dead domain, the
    /// domain's devices are quiet and its memory is free before the failed call returns its error. Under the no-cut
    /// mark a reclaim would take too long, so the reaper's thread does it.
    fn wake_reaper() {
        if thread::current().slot.in_no_cut() {
            Attendant::Reaper.wake();
        } else {
            // SAFETY: the reaper is trusted code of the host.
            unsafe { as_host(reaper::poll) };
        }
    }

    fn spawn(thread: DomainThread) -> Result<(), DomainThread> {
        // A wake may be left that was meant for the previous thread with this index.
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
