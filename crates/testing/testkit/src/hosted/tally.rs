//! A capability that counts how often it is quiesced and released.

use samara_shared_heap::thread;
use samara_shared_heap::{Capability, Owner};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst};

/// The counts of one test's capabilities, in a `static` of that test.
#[derive(Debug, Default)]
pub struct Counts {
    quiesced: AtomicU64,
    released: AtomicU64,
    faults: AtomicUsize,
}

impl Counts {
    /// Makes counts that are all zero.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            quiesced: AtomicU64::new(0),
            released: AtomicU64::new(0),
            faults: AtomicUsize::new(0),
        }
    }

    /// Returns how many different capabilities were quiesced.
    #[must_use]
    pub fn quiesced(&self) -> u32 {
        self.quiesced.load(SeqCst).count_ones()
    }

    /// Returns how many different capabilities were released.
    #[must_use]
    pub fn released(&self) -> u32 {
        self.released.load(SeqCst).count_ones()
    }

    /// Returns the number of faults. It is a fault if a capability is released twice, is quiesced after a quiesced
    /// one was released, or is quiesced or released on behalf of an owner other than the host.
    #[must_use]
    pub fn faults(&self) -> usize {
        self.faults.load(SeqCst)
    }

    fn fault_if(&self, fault: bool) {
        if fault {
            self.faults.fetch_add(1, SeqCst);
        }
    }
}

/// A capability with a number below 64. Capabilities that share counts must have different numbers.
#[derive(Debug)]
pub struct Tally {
    counts: &'static Counts,
    number: u32,
}

impl Tally {
    /// Makes the capability with this number, which is counted in `counts`.
    #[must_use]
    pub const fn new(counts: &'static Counts, number: u32) -> Self {
        assert!(number < 64);
        Self { counts, number }
    }

    /// Returns the capability's number.
    #[must_use]
    pub const fn number(&self) -> u32 {
        self.number
    }
}

fn as_host() -> bool {
    thread::current().owner() == Owner::HOST
}

// SAFETY: the methods only count. They do not panic and run no domain's code.
unsafe impl Capability for Tally {
    const NAME: &'static str = "Tally";

    fn quiesce(&self) {
        let quiesced = self.counts.quiesced.fetch_or(1 << self.number, SeqCst);
        // A capability that was released without being quiesced was dropped by its holder, not by a reclaim. So its
        // release is no fault here.
        let too_late = self.counts.released.load(SeqCst) & quiesced != 0;
        self.counts.fault_if(too_late || !as_host());
    }
}

impl Drop for Tally {
    fn drop(&mut self) {
        let bit = 1 << self.number;
        let twice = self.counts.released.fetch_or(bit, SeqCst) & bit != 0;
        self.counts.fault_if(twice || !as_host());
    }
}
