//! Time and threads. There is one thread, so whoever finds a domain dead and drained reclaims it on
//! the spot.

use samara::runtime::host::{Clock, Threads};
use samara::runtime::reaper;

use super::KernelHost;
use crate::time;

impl Clock for KernelHost {
    fn now_ns() -> u64 {
        // 584 years fit.
        time::since_boot().as_nanos() as u64
    }
}

impl Threads for KernelHost {
    fn yield_now() {
        core::hint::spin_loop();
    }

    /// Called by whoever leaves a dead domain, holding no lock: its devices are quiet and its
    /// memory is back before the failed call returns its error.
    fn wake_reaper() {
        reaper::poll();
    }
}
