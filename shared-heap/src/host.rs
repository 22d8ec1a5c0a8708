//! What the heap needs from its host. The final binary binds one implementation.
//!
//! Each hook of [`HeapHost`] is one typed symbol, which the macro [`set_heap_host!`](crate::set_heap_host) defines.

use crate::thread::ThreadSlot;
use core::ptr::NonNull;

/// The host's side of the heap.
///
/// # Safety
/// Pages that [`alloc_pages`](Self::alloc_pages) returns are writable, aligned as requested and used by nothing else.
/// They stay mapped at that address until [`free_pages`](Self::free_pages) gets them back.
/// [`thread_slot`](Self::thread_slot) returns the same slot for every call on one thread, and a different one on every
/// other live thread. The slot is valid while the thread runs. No method calls back into the heap.
pub unsafe trait HeapHost {
    /// Returns the slot of the running thread. This is on the fast path: each call and each allocation asks for it
    /// once.
    fn thread_slot() -> NonNull<ThreadSlot>;

    /// Returns `bytes` of memory (a multiple of the page size), aligned to `align` (a power of two, at least a page).
    /// If the host does DMA, the memory is contiguous for devices too. `None` when there is no memory left.
    fn alloc_pages(bytes: usize, align: usize) -> Option<NonNull<u8>>;

    /// Takes back memory that [`alloc_pages`](Self::alloc_pages) returned for the same `bytes` and `align`.
    ///
    /// # Safety
    /// `start` came from `alloc_pages(bytes, align)` and nothing refers to the memory any more.
    unsafe fn free_pages(start: NonNull<u8>, bytes: usize, align: usize);
}

unsafe extern "Rust" {
    fn __samara_thread_slot() -> NonNull<ThreadSlot>;
    fn __samara_alloc_pages(bytes: usize, align: usize) -> Option<NonNull<u8>>;
    fn __samara_free_pages(start: NonNull<u8>, bytes: usize, align: usize);
}

#[inline]
pub(crate) fn thread_slot() -> NonNull<ThreadSlot> {
    // SAFETY: the symbol is defined by `set_heap_host!` with exactly this signature.
    unsafe { __samara_thread_slot() }
}

pub(crate) fn alloc_pages(bytes: usize, align: usize) -> Option<NonNull<u8>> {
    // SAFETY: the symbol is defined by `set_heap_host!` with exactly this signature.
    let start = unsafe { __samara_alloc_pages(bytes, align) }?;
    // A host that ignores the alignment would break the look-up by mask and shift. Such memory is refused.
    let misplaced = start.addr().get() & align.checked_sub(1)?;
    (misplaced == 0).then_some(start)
}

/// # Safety
/// As [`HeapHost::free_pages`].
pub(crate) unsafe fn free_pages(start: NonNull<u8>, bytes: usize, align: usize) {
    // SAFETY: the symbol is defined by `set_heap_host!` with exactly this signature; the caller upholds the contract.
    unsafe { __samara_free_pages(start, bytes, align) }
}

/// Binds a [`HeapHost`] as the heap's host, for the whole program.
#[macro_export]
macro_rules! set_heap_host {
    ($host:ty) => {
        const _: () = {
            use ::core::ptr::NonNull;
            #[unsafe(no_mangle)]
            #[inline]
            fn __samara_thread_slot() -> NonNull<$crate::thread::ThreadSlot> {
                <$host as $crate::host::HeapHost>::thread_slot()
            }
            #[unsafe(no_mangle)]
            fn __samara_alloc_pages(bytes: usize, align: usize) -> Option<NonNull<u8>> {
                <$host as $crate::host::HeapHost>::alloc_pages(bytes, align)
            }
            #[unsafe(no_mangle)]
            unsafe fn __samara_free_pages(start: NonNull<u8>, bytes: usize, align: usize) {
                // SAFETY: the heap, the only caller, upholds the trait's contract.
                unsafe { <$host as $crate::host::HeapHost>::free_pages(start, bytes, align) }
            }
        };
    };
}
