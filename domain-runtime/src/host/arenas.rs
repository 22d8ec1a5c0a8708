//! Memory for private heaps.

use core::ptr::NonNull;
use samara_shared_heap::Owner;

/// A stretch of address space, divided into one stripe per owner, in which private heaps live.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// Start of the stripe of slot 0.
    pub base: NonNull<u8>,
    /// Bytes of a stripe, a multiple of 64 KiB.
    pub stride: usize,
    /// Number of stripes.
    pub stripes: usize,
}

/// Memory for private heaps.
///
/// # Safety
/// The window is address space that nothing else uses, and the same at every call. A window counts as `None` if less
/// than a stride and a page of address space lie behind it. A committed range need not be zeroed, but is readable,
/// writable and backed until it is decommitted.
pub unsafe trait Arenas {
    /// The window, or `None` on a host that gives domains no private heaps: then everything is allocated as the host.
    fn window() -> Option<Window>;

    /// Backs `bytes` (whole pages) from `start` (page aligned), inside the stripe of `owner`.
    /// Returns false when there is no memory.
    fn commit(owner: Owner, start: NonNull<u8>, bytes: usize) -> bool;

    /// Takes a committed range back.
    ///
    /// # Safety
    /// The range was committed for `owner`, and nothing refers to it any more.
    unsafe fn decommit(owner: Owner, start: NonNull<u8>, bytes: usize);
}
