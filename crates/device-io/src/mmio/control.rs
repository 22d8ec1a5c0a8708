//! The lock that orders what is done to a device as a whole.

use samara_shared_heap::{NoCutMutex, thread};

use crate::pci::ClaimId;

/// One for each claim.
pub(crate) struct Control {
    claim: ClaimId,
    /// Threads that are silencing the device now: nothing is started meanwhile.
    silencing: NoCutMutex<u32>,
}

impl Control {
    pub(crate) const fn new(claim: ClaimId) -> Self {
        Self {
            claim,
            // SAFETY: a few register accesses, of this crate's.
            silencing: unsafe { NoCutMutex::new(0) },
        }
    }

    /// The claim whose registers these are.
    #[inline]
    pub(crate) const fn claim(&self) -> ClaimId {
        self.claim
    }

    /// Runs `f`, code of this crate, a few register accesses long, while no other thread changes registers by the table's
    /// rules, starts a queue, or lets the device be bus master. It's told whether the device is being silenced.
    pub(crate) fn with<R>(&self, f: impl FnOnce(bool) -> R) -> R {
        let silencing = self.silencing.lock();
        f(*silencing != 0)
    }

    /// Runs `f`, code of this crate, which silences the device; until that is done nothing is started. For the
    /// host, as a thread that is cut in between would leave a claim in which nothing ever starts again, also to its
    /// lender.
    pub(crate) fn silencing<R>(&self, f: impl FnOnce() -> R) -> R {
        struct Silencing<'c>(&'c Control);
        impl Drop for Silencing<'_> {
            fn drop(&mut self) {
                *self.0.silencing.lock() -= 1;
            }
        }
        let silence = || {
            *self.silencing.lock() += 1;
            // Ends also by a panic of a host, in its part of `f`.
            let _silencing = Silencing(self);
            f()
        };
        // SAFETY: `f` is code of this crate, which runs none of a domain's.
        unsafe { thread::as_host(silence) }
    }
}
