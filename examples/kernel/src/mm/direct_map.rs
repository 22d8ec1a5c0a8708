//! Between physical addresses of RAM and pointers to it.

use super::layout::{DEVICES, DIRECT_MAP};

/// A pointer to the RAM at `physical`. Valid where there is RAM that the image does not occupy.
pub(crate) fn pointer<T>(physical: u64) -> *mut T {
    core::ptr::with_exposed_provenance_mut((DIRECT_MAP + physical) as usize)
}

/// The physical address of what `pointer` points to: what a device must be told. `None` outside of
/// the direct map, where memory need not be contiguous.
pub(crate) fn physical<T>(pointer: *const T) -> Option<u64> {
    let address = pointer.addr() as u64;
    (DIRECT_MAP..DEVICES)
        .contains(&address)
        .then(|| address - DIRECT_MAP)
}
