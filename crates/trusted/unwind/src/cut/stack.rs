//! Reading a stack within its bounds.

use core::ops::Range;
use core::ptr;

/// A stretch of stack that may be read.
#[derive(Clone, Debug)]
pub(crate) struct Stack(Range<usize>);

impl Stack {
    /// # Safety
    /// What is asked for of the range is mapped and readable while this lives, and no other thread writes to it.
    pub(crate) const unsafe fn new(range: Range<usize>) -> Self {
        Self(range)
    }

    /// The word at `address`; `None` outside the bounds or unaligned.
    pub(crate) fn word(&self, address: u64) -> Option<u64> {
        let address = usize::try_from(address).ok()?;
        let end = address.checked_add(size_of::<u64>())?;
        if address % align_of::<u64>() != 0 || address < self.0.start || end > self.0.end {
            return None;
        }
        let place = ptr::with_exposed_provenance::<u64>(address);
        // Volatile: compiled code may write there behind the compiler's back, as far as it can tell.
        // SAFETY: aligned, and inside the range, so readable as `new` was promised.
        Some(unsafe { place.read_volatile() })
    }

    pub(crate) fn end(&self) -> u64 {
        self.0.end as u64
    }
}
