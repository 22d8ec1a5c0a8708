//! Stacks of threads: a window of addresses, a stripe for each thread, of which only the stack is
//! mapped. What lies below it is its guard.

use core::ops::Range;

use super::table::THREADS;
use crate::mm::frames::{self, FrameOwner};
use crate::mm::layout::{PAGE_SIZE, STACKS};
use crate::mm::{address_space, direct_map};

/// Bytes of a thread's stack. Unwinding a panic takes about 16 KiB on top of what panicked.
const SIZE: u64 = 96 * 1024;

/// Bytes of address space for each.
const STRIDE: u64 = 128 * 1024;

/// The stack of a thread that was spawned.
pub(super) struct OwnStack {
    pages: Range<u64>,
}

impl OwnStack {
    /// The stack of the thread with a number, which has none now; `None` when memory is used up.
    pub(super) fn new(number: u16) -> Option<Self> {
        let top = STACKS + (u64::from(number) + 1) * STRIDE;
        let mut stack = Self { pages: top..top };
        // Dropped half way it gives back what it has.
        while stack.pages.start > top - SIZE {
            let page = stack.pages.start - PAGE_SIZE;
            let frame = frames::allocate(1, 1, FrameOwner::STACKS)?;
            let bytes = direct_map::pointer::<u8>(frame);
            // SAFETY: a frame just given to us, in the direct map. Zeroed, so that no domain's thread
            // reads what another left.
            unsafe { bytes.write_bytes(0, PAGE_SIZE as usize) };
            if address_space::map_private(page, frame).is_err() {
                // The frame is ours, so it is not refused.
                let _ = frames::free(frame, 1, FrameOwner::STACKS);
                return None;
            }
            stack.pages.start = page;
        }
        Some(stack)
    }

    /// Lowest address and end.
    pub(super) fn bounds(&self) -> Range<usize> {
        self.pages.start as usize..self.pages.end as usize
    }

    /// The address that a thread starting on it begins below.
    pub(super) fn top(&self) -> u64 {
        self.pages.end
    }
}

impl Drop for OwnStack {
    /// Nobody runs on it any more.
    fn drop(&mut self) {
        for page in self.pages.clone().step_by(PAGE_SIZE as usize) {
            if let Some(frame) = address_space::unmap_private(page) {
                // A frame refused is a frame leaked; the counts would show it.
                let _ = frames::free(frame, 1, FrameOwner::STACKS);
            }
        }
        address_space::free_empty_tables(self.pages.start, self.pages.end);
    }
}

/// Whether `address` is where a thread's stack that runs over faults.
pub(crate) fn guards(address: u64) -> bool {
    (STACKS..STACKS + THREADS as u64 * STRIDE).contains(&address)
        && (address - STACKS) % STRIDE < STRIDE - SIZE
}
