//! Time that the host spends on behalf of a domain. Reclaims are left out, whose length the dead have chosen, and so is time of
//! domains that are entered meanwhile, which have paid for it.

use crate::host;
use core::time::Duration;
use samara_shared_heap::thread;

/// Measures it on the running thread.
pub(crate) struct Spent {
    began: u64,
    others: u64,
}

impl Spent {
    /// From here on.
    pub(crate) fn begin() -> Self {
        Self {
            began: host::now_ns(),
            others: thread::current().others(),
        }
    }

    /// Up to here.
    pub(crate) fn time(&self) -> Duration {
        let others = thread::current().others().wrapping_sub(self.others);
        let took = host::now_ns().saturating_sub(self.began);
        Duration::from_nanos(took.saturating_sub(others))
    }
}
