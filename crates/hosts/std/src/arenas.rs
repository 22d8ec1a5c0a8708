//! Private heaps: one big reservation with a stripe for each domain, committed piece by piece.

use crate::StdHost;
use crate::pages;
use samara_domain_runtime::host::{Arenas, Window};
use samara_shared_heap::Owner;
use samara_shared_heap::owner::MAX_OWNERS;
use std::ptr::{self, NonNull};
use std::sync::OnceLock;

/// The sizes of a stripe. They are tried in this order, and the first for which there is address space is used. If
/// none fitted, domains would have no private heaps, and their allocations would outlive them. So a process with
/// little address space (`ulimit -v`, valgrind) gets small stripes.
const STRIDES: [usize; 4] = [1 << 30, 1 << 27, 1 << 25, 1 << 22];

/// The reservation, made at its first use: its start and the size of a stripe.
static RESERVED: OnceLock<Option<(usize, usize)>> = OnceLock::new();

fn reserve() -> Option<(usize, usize)> {
    STRIDES.into_iter().find_map(|stride| {
        let at = pages::map(
            stride.checked_mul(MAX_OWNERS)?,
            libc::PROT_NONE,
            libc::MAP_NORESERVE,
        )?;
        Some((at.as_ptr().expose_provenance(), stride))
    })
}

/// Whether the whole range lies in the reservation.
fn is_reserved(start: NonNull<u8>, bytes: usize) -> bool {
    let Some((base, stride)) = *RESERVED.get_or_init(reserve) else {
        return false;
    };
    let offset = start.addr().get().checked_sub(base);
    let end = offset.and_then(|offset| offset.checked_add(bytes));
    end.is_some_and(|end| end <= stride.strict_mul(MAX_OWNERS))
}

/// # Safety
/// The range lies in the reservation, and nothing refers to memory that loses its protection.
unsafe fn protect(start: NonNull<u8>, bytes: usize, protection: i32) -> bool {
    // SAFETY: the caller upholds the conditions of `mprotect`.
    unsafe { libc::mprotect(start.as_ptr().cast(), bytes, protection) == 0 }
}

// SAFETY: the reservation is never unmapped, and no other code uses it; committing makes memory readable and
// writable.
unsafe impl Arenas for StdHost {
    fn window() -> Option<Window> {
        // The allocator itself calls this function, so nothing here may allocate. Neither the system call nor the
        // lock that `OnceLock` takes at the first use allocates.
        let (start, stride) = (*RESERVED.get_or_init(reserve))?;
        Some(Window {
            base: NonNull::new(ptr::with_exposed_provenance_mut(start))?,
            stride,
            stripes: MAX_OWNERS,
        })
    }

    /// Refuses a range outside the reservation, since it would change the protection of the process's own
    /// memory.
    fn commit(_: Owner, start: NonNull<u8>, bytes: usize) -> bool {
        if !is_reserved(start, bytes) {
            return false;
        }
        // SAFETY: the range lies in the reservation, and making memory accessible harms no reference.
        unsafe { protect(start, bytes, libc::PROT_READ | libc::PROT_WRITE) }
    }

    unsafe fn decommit(_: Owner, start: NonNull<u8>, bytes: usize) {
        // SAFETY: the caller upholds that nothing refers to the range; its contents are discarded.
        let code = unsafe { libc::madvise(start.as_ptr().cast(), bytes, libc::MADV_DONTNEED) };
        // The range is whole pages of our own mapping, so the call can fail only if the process has locked its memory
        // (`mlockall`).
        debug_assert_eq!(code, 0);
        // SAFETY: as above. If the call fails, the range stays accessible, which is harmless.
        let _ = unsafe { protect(start, bytes, libc::PROT_NONE) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Invariant: HEAP-41
    #[test]
    fn only_the_reservation_is_committed() {
        let window = StdHost::window().expect("address space for private heaps");
        let commit = |start, bytes| StdHost::commit(Owner::HOST, start, bytes);
        let end = window.stride * window.stripes;
        let at = |offset: usize| NonNull::new(window.base.as_ptr().wrapping_add(offset)).unwrap();
        assert!(commit(at(end - 4096), 4096));
        assert!(!commit(at(end - 4096), 8192), "past the end");
        assert!(!commit(at(0), usize::MAX), "an end that wraps");
        assert!(
            !commit(at(4096_usize.wrapping_neg()), 8192),
            "before the start"
        );
        // A refused range leaves the protection of the process's own memory unchanged.
        static CONSTANT: [u8; 4096] = [7; 4096];
        assert!(!commit(NonNull::from_ref(&CONSTANT).cast(), 4096));
    }
}
