//! Two capabilities that go together, and know what may be done to them.

use super::as_host;
use samara_shared_heap::thread;
use samara_shared_heap::{Capability, Owner};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering::SeqCst};

static FAULTS: AtomicUsize = AtomicUsize::new(0);

/// The lowest bit of those for released halves; those for quiesced ones begin at zero.
const RELEASED: u8 = 4;

fn fault_if(fault: bool) {
    if fault {
        FAULTS.fetch_add(1, SeqCst);
    }
}

/// A bit for each thing that was done to each half.
#[derive(Debug, Default)]
struct Pair(AtomicU8);

/// One of two capabilities that one owner has at a time. A reclaim quiesces both before it releases either, and
/// each once.
#[derive(Debug)]
pub struct Half {
    tag: u64,
    number: u8,
    pair: Arc<Pair>,
}

impl Half {
    /// Both, which carry `tag`.
    #[must_use]
    pub fn pair(tag: u64) -> [Self; 2] {
        // On the heap of the host, whose they are when their holder is dead.
        let pair = as_host(|| Arc::new(Pair::default()));
        [0, 1].map(|number| Self {
            tag,
            number,
            pair: Arc::clone(&pair),
        })
    }

    /// What it carries.
    #[must_use]
    pub const fn tag(&self) -> u64 {
        self.tag
    }

    /// How often in this process one was released twice, or before its sibling was quiesced, or quiesced on
    /// behalf of somebody else than the host.
    #[must_use]
    pub fn faults() -> usize {
        FAULTS.load(SeqCst)
    }
}

// SAFETY: it notes what is done; nothing panics, and no domain's code runs.
unsafe impl Capability for Half {
    const NAME: &'static str = "Half";

    fn quiesce(&self) {
        // Possibly more than once.
        let before = self.pair.0.fetch_or(1 << self.number, SeqCst);
        let sibling = 1 - self.number;
        // One that its holder dropped by itself was not quiesced.
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
