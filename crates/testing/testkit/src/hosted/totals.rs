//! Totals over the whole process, which must be the same before and after a test.

use samara_shared_heap::heap::{self, Census};
use std::sync::{Mutex, MutexGuard};

/// Lets only one test of the binary run at a time, until the result is dropped. This is for binaries in which every
/// test measures whole totals.
///
/// Domains that the previous test has killed are reclaimed first. Otherwise their slots would be freed during this
/// test, and new domains would get them before the slots that this test has freed.
pub fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    // A failed test may have left something behind. The next test measures relative to these totals, so it ignores
    // the lock's poison.
    let alone = ALONE.lock().unwrap_or_else(|poison| poison.into_inner());
    // This does not use `host()`, which sets an event sink. A test may set a sink of its own, and only the first sink
    // takes effect.
    samara_host_std::runtime().reap();
    alone
}

/// Totals over the whole process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Totals {
    /// Live objects and capabilities of every owner.
    pub census: Census,
    /// Bytes of pages that the exchange heap holds, by its own count and with its caches emptied.
    pub held: usize,
    /// Bytes of pages that the exchange heap holds, by the host's count.
    pub pages: usize,
    /// Domain slots that are not free.
    pub domains: usize,
}

impl Totals {
    /// Reaps and trims, and returns the totals after that.
    #[must_use]
    pub fn now() -> Self {
        let host = super::host();
        host.reap();
        heap::trim();
        Self {
            census: heap::census_all(),
            held: heap::held_bytes(),
            pages: samara_host_std::live_bytes(),
            domains: host.domains().count(),
        }
    }
}
