//! An interrupt of a claimed function: an MSI-X vector, and the event that its message sets.

use core::fmt;
use core::time::Duration;

use samara_rref::Exchangeable;
use samara_shared_heap::thread::{self, NoCut};
use samara_shared_heap::{Cap, Capability};

use super::function::PciFunction;
use super::slot::PciSlot;
use super::vectors::{InterruptError, Vectors};
use crate::host::{Message, contained};

/// The trusted side of an interrupt, in a capability slot of its own. When the interrupt's owner dies, the vector is
/// masked before any memory is released, and the message goes back to the host.
pub(crate) struct Line {
    slot: &'static PciSlot,
    claim: u64,
    vector: u16,
    message: Message,
}

// SAFETY: if the claim still lives, masking makes two accesses to the MSI-X table. The lock for them is held for a
// few register accesses, by code of this crate that is not cut. Masking runs no code of a domain, and a masked vector
// writes no memory (DEV-24).
unsafe impl Capability for Line {
    const NAME: &'static str = "interrupt";

    fn quiesce(&self) {
        let mask = |vectors: &mut Vectors| contained(|| vectors.mask(self.claim, self.vector));
        let _ = self.slot.with_vectors(mask);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.slot
            .with_vectors(|vectors| vectors.give_back(self.claim, self.vector));
        // The message is released after the vector was masked. If the message still arrives, it only sets an event of
        // the host's.
        contained(|| self.slot.host.messages.release(self.message));
    }
}

/// An interrupt that its holder waits for: an owned, exchangeable capability of one pointer.
///
/// No code of a domain runs when the interrupt comes: the host's handler counts it, and a waiting thread is woken. To
/// lose no interrupt, a thread first reads the [`count`](Self::count) and tells its device to interrupt. Then it
/// checks whether there is work already. Only if there is none does it wait for the count to change.
///
/// The vector is masked when the interrupt is dropped or its holder dies.
#[derive(Exchangeable)]
pub struct Interrupt(Cap<Line>);

impl<D> PciFunction<D> {
    /// Claims MSI-X vector `vector`, unmasked. The function may send the vector's message while it is bus master.
    ///
    /// # Errors
    ///
    /// [`InterruptError`].
    pub fn interrupt(&self, vector: u16) -> Result<Interrupt, InterruptError> {
        // A cut between `take_vector` and `Cap::try_new` would leave a message that nobody gives back to the host.
        // SAFETY: until the end of this block only code of this crate and its host runs (ORDER-54).
        let _no_cut = unsafe { NoCut::begin(thread::current()) };
        let claim = self.claim();
        let line = Line {
            slot: claim.slot,
            claim: claim.control.claim().number,
            vector,
            message: claim.take_vector(vector)?,
        };
        match Cap::try_new(line) {
            Ok(cap) => Ok(Interrupt(cap)),
            Err((error, _line)) => Err(InterruptError::Alloc(error)),
        }
    }
}

impl Interrupt {
    /// Returns the number of the interrupt's vector.
    pub fn vector(&self) -> u16 {
        self.0.vector
    }

    /// Returns the number of times that the interrupt came, modulo 2^32. Messages for an earlier holder of the same
    /// host vector count, too.
    pub fn count(&self) -> u32 {
        self.0.message.event.count()
    }

    /// Waits until [`count`](Self::count) differs from `seen`, for at most `timeout`, and returns the count. The call
    /// may also return early without a change. If the running domain dies, the call doesn't return.
    pub fn wait(&self, seen: u32, timeout: Duration) -> u32 {
        self.0.message.event.wait(seen, timeout)
    }
}

impl fmt::Debug for Interrupt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Interrupt({}.{})", self.0.slot.address(), self.0.vector)
    }
}
