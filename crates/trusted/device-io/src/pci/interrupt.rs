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

/// The trusted side. In a capability slot of its own: when its owner dies the vector is masked before any
/// memory is released, and its message goes back to the host.
pub(crate) struct Line {
    slot: &'static PciSlot,
    claim: u64,
    vector: u16,
    message: Message,
}

// SAFETY: masking is two accesses of the table, if the claim lives, under a lock that is held for a few
// register accesses, by code of this crate which is not cut; it runs no code of a domain, and what sends no
// message writes no memory.
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
        // After the mask: what comes yet finds an event that is the host's still, and nobody's.
        contained(|| self.slot.host.messages.release(self.message));
    }
}

/// An interrupt that its holder waits for: an owned one-pointer capability, exchangeable.
///
/// No code of a domain runs when it comes: the host's handler counts it, and a thread that waits is woken. Who
/// waits reads the [`count`](Self::count), tells its device to interrupt, looks whether there is anything to be
/// done already, and only then waits for the count to change: an interrupt that came meanwhile is not lost.
///
/// Dropping it, or the death of its holder, masks the vector.
#[derive(Exchangeable)]
pub struct Interrupt(Cap<Line>);

impl<D> PciFunction<D> {
    /// Claims MSI-X vector `vector`, unmasked. The function may send its message while it is bus master.
    ///
    /// # Errors
    ///
    /// [`InterruptError`].
    pub fn interrupt(&self, vector: u16) -> Result<Interrupt, InterruptError> {
        // A message that is nobody's yet would never go back to the host.
        // SAFETY: this crate's own code and its host's, to the end of this block.
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
    /// Which of the function's vectors it is.
    pub fn vector(&self) -> u16 {
        self.0.vector
    }

    /// How often it came, modulo 2^32. Also counts what another holder of the host's vector was sent.
    pub fn count(&self) -> u32 {
        self.0.message.event.count()
    }

    /// Waits until [`count`](Self::count) isn't `seen`, at most for `timeout`, or for nothing at all; the
    /// count then. Doesn't return if the running domain dies.
    pub fn wait(&self, seen: u32, timeout: Duration) -> u32 {
        self.0.message.event.wait(seen, timeout)
    }
}

impl fmt::Debug for Interrupt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Interrupt({}.{})", self.0.slot.address(), self.0.vector)
    }
}
