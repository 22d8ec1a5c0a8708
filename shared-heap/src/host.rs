//! What the heap needs from its host, bound once by the final binary.
//!
//! Each hook is one typed symbol, set by a macro: [`set_heap_host!`](crate::set_heap_host) for [`HeapHost`].

use crate::thread::ThreadSlot;
use core::ptr::NonNull;

/// The host's side of the heap.
///
/// # Safety
/// Pages returned by [`alloc_pages`](Self::alloc_pages) are writable, aligned as asked, used by
/// nobody else and stay mapped at that address until [`free_pages`](Self::free_pages) gets them
/// back. [`thread_slot`](Self::thread_slot) returns the same slot for every call on one thread, a
/// different one on every other live thread, valid while the thread runs. No method calls back into
/// the heap.
pub unsafe trait HeapHost {
    /// The slot of the running thread. Hot: a call and an allocation ask for it once.
    fn thread_slot() -> NonNull<ThreadSlot>;

    /// `bytes` of memory (a multiple of the page size) aligned to `align` (a power of two, at least a
    /// page), contiguous also for devices where the host does DMA. `None` when there is none left.
    fn alloc_pages(bytes: usize, align: usize) -> Option<NonNull<u8>>;

    /// Takes back what [`alloc_pages`](Self::alloc_pages) gave, with the same numbers.
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
    // A host that ignores the alignment would break the mask-and-shift look-up: better no memory.
    let misplaced = start.addr().get() & align.checked_sub(1)?;
    (misplaced == 0).then_some(start)
}

/// # Safety
/// As [`HeapHost::free_pages`].
pub(crate) unsafe fn free_pages(start: NonNull<u8>, bytes: usize, align: usize) {
    // SAFETY: the symbol is defined by `set_heap_host!` with this signature; the rest is the caller's.
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
                // SAFETY: handed on from the heap, which upholds the trait's contract.
                unsafe { <$host as $crate::host::HeapHost>::free_pages(start, bytes, align) }
            }
        };
    };
}
