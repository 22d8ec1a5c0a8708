//! No private heaps: a host without an allocator has nothing to make them from.

use samara_shared_heap::Owner;

pub(crate) fn set_quota(_: Owner, _: Option<usize>) {}

/// Always true: nothing is allocated, so any quota is kept.
pub(crate) fn is_private() -> bool {
    true
}

/// Bytes of private heap that `owner` has: always 0.
#[must_use]
pub fn committed(_: Owner) -> usize {
    0
}

/// # Safety
/// None: it is `unsafe` because the version with private heaps is.
pub(crate) unsafe fn release(_: Owner) -> usize {
    0
}
