//! A capability that counts what is done to it.

use samara_shared_heap::thread;
use samara_shared_heap::{Capability, Owner};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst};

/// What was done to the capabilities of one test: a `static` of it.
#[derive(Debug, Default)]
pub struct Counts {
    quiesced: AtomicU64,
    released: AtomicU64,
    faults: AtomicUsize,
}

impl Counts {
    /// Nothing was done yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            quiesced: AtomicU64::new(0),
            released: AtomicU64::new(0),
            faults: AtomicUsize::new(0),
        }
    }

    /// How many different capabilities were quiesced.
    #[must_use]
    pub fn quiesced(&self) -> u32 {
        self.quiesced.load(SeqCst).count_ones()
    }

    /// How many different capabilities were released.
    #[must_use]
    pub fn released(&self) -> u32 {
        self.released.load(SeqCst).count_ones()
    }

    /// How often one was released twice, quiesced after a quiesced one was released, or treated on
    /// behalf of somebody else than the host.
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

/// A capability with a number below 64, its own among those that share the counts.
#[derive(Debug)]
pub struct Tally {
    counts: &'static Counts,
    number: u32,
}

impl Tally {
    /// Number `number` of those counted in `counts`.
    #[must_use]
    pub const fn new(counts: &'static Counts, number: u32) -> Self {
        assert!(number < 64);
        Self { counts, number }
    }

    /// Its number.
    #[must_use]
    pub const fn number(&self) -> u32 {
        self.number
    }
}

fn as_host() -> bool {
    thread::current().owner() == Owner::HOST
}

// SAFETY: counting is all that it does; nothing panics, and no domain's code runs.
unsafe impl Capability for Tally {
    const NAME: &'static str = "Tally";

    fn quiesce(&self) {
        let quiesced = self.counts.quiesced.fetch_or(1 << self.number, SeqCst);
        // One that its holder dropped was never quiesced: that is no release by a reclaim.
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
