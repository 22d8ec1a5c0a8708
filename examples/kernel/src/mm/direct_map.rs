//! Translates between physical addresses of RAM and pointers to it.

use super::layout::{DEVICES, DIRECT_MAP};

/// Returns a pointer to the RAM at `physical`. The pointer is valid if `physical` lies in a usable region of the
/// memory map and outside the kernel's image.
pub(crate) fn pointer<T>(physical: u64) -> *mut T {
    core::ptr::with_exposed_provenance_mut((DIRECT_MAP + physical) as usize)
}

/// Returns the physical address of the `bytes` bytes at `pointer`, by which a device reaches them. Returns `None` if
/// not all of them lie in the direct map, since other memory need not be physically contiguous.
pub(crate) fn physical(pointer: *const u8, bytes: usize) -> Option<u64> {
    let start = (pointer.addr() as u64).checked_sub(DIRECT_MAP)?;
    let end = start.checked_add(bytes as u64)?;
    (end <= DEVICES - DIRECT_MAP).then_some(start)
}

/// Returns the difference between a physical address and its address in the direct map, modulo 2^64. It is the same
/// for all of RAM.
pub(crate) const fn offset() -> u64 {
    DIRECT_MAP.wrapping_neg()
}
