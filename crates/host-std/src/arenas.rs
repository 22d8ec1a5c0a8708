//! Private heaps: one big reservation, a stripe per domain, committed piece by piece.

use crate::StdHost;
use crate::pages;
use samara_domain_runtime::host::{Arenas, Window};
use samara_shared_heap::Owner;
use samara_shared_heap::owner::MAX_OWNERS;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Address space for each domain.
const STRIDE: usize = 1 << 30;

/// Start of the reservation: 0 before the first use, 1 when there is none to be had.
static BASE: AtomicUsize = AtomicUsize::new(0);
const NONE: usize = 1;

fn base() -> Option<NonNull<u8>> {
    let known = BASE.load(Ordering::Acquire);
    let address = if known != 0 {
        known
    } else {
        let bytes = STRIDE * MAX_OWNERS;
        let fresh = pages::map(bytes, libc::PROT_NONE, libc::MAP_NORESERVE)
            .map_or(NONE, |at| at.as_ptr().expose_provenance());
        // Two threads at once reserve twice: the loser's reservation is address space only.
        match BASE.compare_exchange(0, fresh, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => fresh,
            Err(other) => other,
        }
    };
    if address == NONE {
        return None;
    }
    NonNull::new(std::ptr::with_exposed_provenance_mut(address))
}

/// # Safety
/// The range lies in the reservation; nothing refers to memory that loses its protection.
unsafe fn protect(start: NonNull<u8>, bytes: usize, protection: i32) -> bool {
    // SAFETY: handed on.
    unsafe { libc::mprotect(start.as_ptr().cast(), bytes, protection) == 0 }
}

// SAFETY: the reservation is never unmapped and used by nobody else; committing makes it readable
// and writable.
unsafe impl Arenas for StdHost {
    fn window() -> Option<Window> {
        Some(Window {
            base: base()?,
            stride: STRIDE,
            stripes: MAX_OWNERS,
        })
    }

    fn commit(_: Owner, start: NonNull<u8>, bytes: usize) -> bool {
        // SAFETY: the runtime commits inside its stripe; making it accessible harms no reference.
        unsafe { protect(start, bytes, libc::PROT_READ | libc::PROT_WRITE) }
    }

    unsafe fn decommit(_: Owner, start: NonNull<u8>, bytes: usize) {
        // SAFETY: the caller vouches that nobody refers to the range; its contents go.
        let code = unsafe { libc::madvise(start.as_ptr().cast(), bytes, libc::MADV_DONTNEED) };
        // Whole pages of our own mapping: the call has no other way to fail.
        debug_assert_eq!(code, 0);
        // SAFETY: as above. If it fails the range stays accessible, which harms nobody.
        let _ = unsafe { protect(start, bytes, libc::PROT_NONE) };
    }
}
