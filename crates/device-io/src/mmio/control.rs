//! What a claim knows of its device's guarded registers, and the lock that orders their writes.

use samara_shared_heap::{NoCutMutex, thread};

use crate::pci::ClaimId;

/// One for each claim. Registers outlive claims and resets change them, so what they hold is no proof
/// of anything: what *this* claim put into them is kept here.
pub(crate) struct Control {
    claim: ClaimId,
    state: NoCutMutex<Guarded>,
}

/// Behind the lock.
pub(crate) struct Guarded {
    /// Values of the layout's address registers, as this claim set them last.
    pub(crate) addresses: Option<[u64; 3]>,
    /// Threads that are silencing the device now: it does not become bus master meanwhile.
    pub(crate) silencing: u32,
}

impl Control {
    pub(crate) const fn new(claim: ClaimId) -> Self {
        Self {
            claim,
            // SAFETY: a few register accesses, of this crate's.
            state: unsafe {
                NoCutMutex::new(Guarded {
                    addresses: None,
                    silencing: 0,
                })
            },
        }
    }

    /// The claim whose registers these are.
    #[inline]
    pub(crate) const fn claim(&self) -> ClaimId {
        self.claim
    }

    /// Runs `f`, code of this crate, a few register accesses long, with no other write to a guarded
    /// register, or to the right to be bus master, at the same time.
    pub(crate) fn with<R>(&self, f: impl FnOnce(&mut Guarded) -> R) -> R {
        f(&mut self.state.lock())
    }

    /// Runs `f`, code of this crate, which silences the device; until that is done nothing is started. For the
    /// host, as who is cut in between would leave a claim in which nothing ever starts again, also to its
    /// lender.
    pub(crate) fn silencing<R>(&self, f: impl FnOnce() -> R) -> R {
        struct Silencing<'c>(&'c Control);
        impl Drop for Silencing<'_> {
            fn drop(&mut self) {
                self.0.with(|guarded| guarded.silencing -= 1);
            }
        }
        let silence = || {
            self.with(|guarded| guarded.silencing += 1);
            // Ends also by a panic, of a host in what `f` does to its device's vectors say.
            let _silencing = Silencing(self);
            f()
        };
        // SAFETY: `f` is code of this crate, which runs none of a domain's.
        unsafe { thread::as_host(silence) }
    }
}
