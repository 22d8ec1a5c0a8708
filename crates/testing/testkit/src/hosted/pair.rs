//! Two capabilities that belong together, and that record each wrong order of quiescing and releasing them.

use super::as_host;
use samara_shared_heap::thread;
use samara_shared_heap::{Capability, Owner};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering::SeqCst};

static FAULTS: AtomicUsize = AtomicUsize::new(0);

/// The lowest of the bits that mark released halves. The bits that mark quiesced halves begin at bit 0.
const RELEASED: u8 = 4;

fn fault_if(fault: bool) {
    if fault {
        FAULTS.fetch_add(1, SeqCst);
    }
}

/// For each half, one bit for "was quiesced" and one bit for "was released".
#[derive(Debug, Default)]
struct Pair(AtomicU8);

/// One of two capabilities that always have the same owner. A reclaim must quiesce both before it releases either, and
/// must release each only once.
#[derive(Debug)]
pub struct Half {
    tag: u64,
    number: u8,
    pair: Arc<Pair>,
}

impl Half {
    /// Makes both halves of a pair. They carry `tag`.
    #[must_use]
    pub fn pair(tag: u64) -> [Self; 2] {
        // The pair is on the host's heap, because the host uses it after the owner of the halves has died.
        let pair = as_host(|| Arc::new(Pair::default()));
        [0, 1].map(|number| Self {
            tag,
            number,
            pair: Arc::clone(&pair),
        })
    }

    /// Returns the tag that the half carries.
    #[must_use]
    pub const fn tag(&self) -> u64 {
        self.tag
    }

    /// Returns the number of faults in this process. It is a fault if a half is released twice, is quiesced after a
    /// reclaim has released its sibling, or is quiesced on behalf of an owner other than the host.
    #[must_use]
    pub fn faults() -> usize {
        FAULTS.load(SeqCst)
    }
}

// SAFETY: the methods only record that they were called. They do not panic and run no domain's code.
unsafe impl Capability for Half {
    const NAME: &'static str = "Half";

    fn quiesce(&self) {
        // A half may be quiesced more than once.
        let before = self.pair.0.fetch_or(1 << self.number, SeqCst);
        let sibling = 1 - self.number;
        // If the sibling was never quiesced, its holder dropped it by itself, and this is no fault.
        let dropped = 1 << sibling | 1 << (sibling + RELEASED);
        fault_if(before & dropped == dropped || thread::current().owner() != Owner::HOST);
    }
}

impl Drop for Half {
    fn drop(&mut self) {
        let bit = 1 << (self.number + RELEASED);
        let before = self.pair.0.fetch_or(bit, SeqCst);
        fault_if(before & bit != 0);
    }
}
