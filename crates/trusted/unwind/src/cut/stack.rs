//! Reads of a stack within its bounds.

use core::ops::Range;
use core::ptr;

/// A range of stack that may be read.
#[derive(Clone, Debug)]
pub(crate) struct Stack(Range<usize>);

impl Stack {
    /// Makes a range of stack for reading.
    ///
    /// # Safety
    /// Every word of the range that is read is mapped and readable while this lives, and no other thread writes to it.
    pub(crate) const unsafe fn new(range: Range<usize>) -> Self {
        Self(range)
    }

    /// Returns the word at `address`, or `None` if it is outside the bounds or unaligned.
    pub(crate) fn word(&self, address: u64) -> Option<u64> {
        let address = usize::try_from(address).ok()?;
        let end = address.checked_add(size_of::<u64>())?;
        if address % align_of::<u64>() != 0 || address < self.0.start || end > self.0.end {
            return None;
        }
        let place = ptr::with_exposed_provenance::<u64>(address);
        // A volatile read, because the frames there belong to other code, whose writes the compiler cannot see.
        // SAFETY: the word is aligned and inside the range, so it is readable, as the caller of `new` vouches.
        Some(unsafe { place.read_volatile() })
    }

    pub(crate) fn end(&self) -> u64 {
        self.0.end as u64
    }
}
