//! Whole totals: what must be the same before and after.

use samara_shared_heap::heap::{self, Census};
use std::sync::{Mutex, MutexGuard};

/// Lets one test of the binary at a time run: for binaries where every test takes whole totals. What the one before it
/// killed is reclaimed first: a slot that is freed later would be taken before those that the test has freed.
pub fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    // A failed test may have left something behind; the next one measures from there.
    let alone = ALONE.lock().unwrap_or_else(|poison| poison.into_inner());
    // Not by `host()`: a test may have an event sink of its own, and the first that is set stays.
    samara_host_std::runtime().reap();
    alone
}

/// What the process has in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Totals {
    /// Live objects and capabilities of every owner.
    pub census: Census,
    /// Bytes of pages that the exchange heap holds, by its own count, caches emptied.
    pub held: usize,
    /// The same by the host's count.
    pub pages: usize,
    /// Slots that are not free.
    pub domains: usize,
}

impl Totals {
    /// The totals now, after reaping and trimming.
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
