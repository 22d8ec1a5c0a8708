//! Pages from `mmap`, aligned by trimming the mapping.

use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicUsize, Ordering};

static LIVE: AtomicUsize = AtomicUsize::new(0);

/// Returns the bytes of pages that the exchange heap holds now. Tests compare it before and after.
#[must_use]
pub fn live_bytes() -> usize {
    LIVE.load(Ordering::Relaxed)
}

/// Maps `bytes` of private memory with `protection`.
pub(crate) fn map(bytes: usize, protection: i32, flags: i32) -> Option<NonNull<u8>> {
    // SAFETY: an anonymous mapping at an address of the kernel's choice touches no memory of ours.
    let at = unsafe {
        libc::mmap(
            ptr::null_mut(),
            bytes,
            protection,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | flags,
            -1,
            0,
        )
    };
    if at == libc::MAP_FAILED {
        return None;
    }
    NonNull::new(at.cast())
}

/// Allocates `bytes` aligned to `align`; both are multiples of a page.
pub(crate) fn alloc(bytes: usize, align: usize) -> Option<NonNull<u8>> {
    let padded = bytes.checked_add(align)?;
    let start = map(padded, libc::PROT_READ | libc::PROT_WRITE, 0)?;
    let lead = start.align_offset(align);
    // SAFETY: `lead` is at most `align`, so the rest still holds `bytes`.
    let aligned = unsafe { start.add(lead) };
    if lead > 0 {
        // SAFETY: the pages before the aligned start are ours and unused.
        unsafe { unmap(start, lead) };
    }
    if let Some(tail_bytes) = align.checked_sub(lead).filter(|bytes| *bytes > 0) {
        // SAFETY: the rest of the padding follows `bytes` after the aligned start, in the same mapping.
        let tail = unsafe { aligned.add(bytes) };
        // SAFETY: the pages after the end are ours and unused.
        unsafe { unmap(tail, tail_bytes) };
    }
    LIVE.fetch_add(bytes, Ordering::Relaxed);
    Some(aligned)
}

/// # Safety
/// `alloc(bytes, _)` returned `start`, and nothing refers to the memory.
pub(crate) unsafe fn free(start: NonNull<u8>, bytes: usize) {
    LIVE.fetch_sub(bytes, Ordering::Relaxed);
    // SAFETY: the caller upholds the same conditions.
    unsafe { unmap(start, bytes) };
}

/// # Safety
/// This module has mapped the pages, and nothing refers to them.
unsafe fn unmap(start: NonNull<u8>, bytes: usize) {
    // SAFETY: the caller upholds that nothing refers to the pages.
    let code = unsafe { libc::munmap(start.as_ptr().cast(), bytes) };
    // The range is whole pages of our own mapping, so the call can fail only if it would split a mapping while the
    // process has as many mappings as the system allows. The pages then stay mapped.
    debug_assert_eq!(code, 0);
}
