//! Private heaps: they lie in the arena window, and their frames are counted for each domain.
#![deny(clippy::arithmetic_side_effects)]

use core::ops::Range;
use core::ptr::NonNull;

use samara::Owner;
use samara::runtime::host::{Arenas, Window};

use super::KernelHost;
use crate::mm::arena;
use crate::mm::frames::FrameOwner;
use crate::mm::layout::{ARENA_BASE, ARENA_SLOTS, ARENA_STRIDE};

// SAFETY: the window is address space that the kernel reserves for arenas. A committed range is mapped, readable and
// writable, until it is decommitted.
unsafe impl Arenas for KernelHost {
    fn window() -> Option<Window> {
        Some(Window {
            base: NonNull::new(core::ptr::with_exposed_provenance_mut(ARENA_BASE as usize))?,
            stride: ARENA_STRIDE as usize,
            stripes: ARENA_SLOTS as usize,
        })
    }

    fn commit(owner: Owner, start: NonNull<u8>, bytes: usize) -> bool {
        arena::commit(range(start, bytes), FrameOwner::private(owner)).is_ok()
    }

    unsafe fn decommit(owner: Owner, start: NonNull<u8>, bytes: usize) {
        // SAFETY: the caller guarantees that nothing refers to the range any more.
        unsafe { arena::decommit(range(start, bytes), FrameOwner::private(owner)) };
    }
}

fn range(start: NonNull<u8>, bytes: usize) -> Range<u64> {
    let start = start.addr().get() as u64;
    start..start.saturating_add(bytes as u64)
}
