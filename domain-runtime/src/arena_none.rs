//! No private heaps: a host without an allocator has nothing to give them from.

use samara_shared_heap::Owner;

pub(crate) fn set_quota(_: Owner, _: Option<usize>) {}

/// Nothing is allocated: any quota is kept.
pub(crate) fn is_private() -> bool {
    true
}

/// Bytes of private heap that `owner` has: none.
#[must_use]
pub fn committed(_: Owner) -> usize {
    0
}

/// # Safety
/// None: it is `unsafe` as its twin is.
pub(crate) unsafe fn release(_: Owner) -> usize {
    0
}
