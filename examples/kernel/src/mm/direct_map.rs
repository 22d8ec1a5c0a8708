//! Translates between physical addresses of RAM and pointers to it.

use super::layout::{DEVICES, DIRECT_MAP};

/// Returns a pointer to the RAM at `physical`. It is valid in usable regions of the memory map, outside of the kernel's
/// image.
pub(crate) fn pointer<T>(physical: u64) -> *mut T {
    core::ptr::with_exposed_provenance_mut((DIRECT_MAP + physical) as usize)
}

/// Returns the physical address of `bytes` bytes at `pointer`, which is the address that a device must be given.
/// Returns `None` if they do not all lie in the direct map: elsewhere memory need not be contiguous.
pub(crate) fn physical(pointer: *const u8, bytes: usize) -> Option<u64> {
    let start = (pointer.addr() as u64).checked_sub(DIRECT_MAP)?;
    let end = start.checked_add(bytes as u64)?;
    (end <= DEVICES - DIRECT_MAP).then_some(start)
}

/// Returns the physical address minus the address in the direct map, modulo 2^64, which is the same for all of RAM.
pub(crate) const fn offset() -> u64 {
    DIRECT_MAP.wrapping_neg()
}
