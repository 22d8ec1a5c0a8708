//! Stacks of threads. They lie in one window of addresses, with a stripe for each thread. From the top of a stripe:
//!
//! ```text
//! usual stack | reserve, closed | guard, never mapped
//! ```

use core::ops::Range;

use super::limits::THREADS;
use crate::mm::frames::{self, FrameOwner};
use crate::mm::layout::{PAGE_SIZE, STACKS};
use crate::mm::reserve::{MAX_PAGES, Reserve};
use crate::mm::{address_space, direct_map, stack};

/// Bytes of address space for each thread.
const STRIDE: u64 = 128 * 1024;

/// Bytes of the guard page, which is never mapped.
const GUARD: u64 = PAGE_SIZE;

/// Bytes of the reserve. They suffice for the deepest trusted code and for an unwind after it, which takes about 16
/// KiB.
const RESERVE: u64 = 28 * 1024;

/// Bytes of the usual stack. Unwinding a panic takes about 16 KiB below the frames of the code that panicked.
const SIZE: u64 = 96 * 1024;

const _: () = assert!(SIZE + RESERVE + GUARD == STRIDE && RESERVE <= MAX_PAGES * PAGE_SIZE);

/// The number of frames of each stack.
#[cfg(feature = "kernel-tests")]
pub(crate) const FRAMES: usize = ((STRIDE - GUARD) / PAGE_SIZE) as usize;

/// A thread's stack.
pub(super) struct Stack {
    /// This field comes before `_pages`, so that the reserve is dropped before its pages are unmapped.
    reserve: Reserve,
    end: u64,
    /// `None` if the pages belong to the kernel's image.
    _pages: Option<OwnPages>,
}

impl Stack {
    /// Makes a stack for the thread with this number, which has no stack. Returns `None` if memory is used up.
    pub(super) fn new(number: u16) -> Option<Self> {
        let own = OwnPages::new(number)?;
        let (start, end) = (own.pages.start, own.pages.end);
        // SAFETY: these are the lowest pages of the stack. `_pages` is dropped after `reserve`, so the pages stay
        // mapped until then. Only the thread that runs on the stack, and its trap handlers, use the reserve.
        let reserve = unsafe { Reserve::new(start..start + RESERVE) }?;
        Some(Self {
            reserve,
            end,
            _pages: Some(own),
        })
    }

    /// Returns the main stack, after closing its reserve.
    pub(super) fn of_image() -> Option<Self> {
        // SAFETY: these are the lowest pages of the main stack, which are never unmapped. Only the running thread is
        // on that stack, and its frames lie at the other end.
        let reserve = unsafe { Reserve::new(stack::main_reserve()) }?;
        Some(Self {
            reserve,
            end: stack::MAIN.top(),
            _pages: None,
        })
    }

    pub(super) fn reserve(&self) -> &Reserve {
        &self.reserve
    }

    /// Returns the lowest address and the end of the stack while the reserve is closed.
    pub(super) fn usual(&self) -> Range<usize> {
        self.reserve.pages().end as usize..self.end as usize
    }

    /// Returns the lowest address and the end of the stack while the reserve is open.
    pub(super) fn whole(&self) -> Range<usize> {
        self.reserve.pages().start as usize..self.end as usize
    }
}

/// The pages of a stack that was made for a thread.
struct OwnPages {
    pages: Range<u64>,
}

impl OwnPages {
    fn new(number: u16) -> Option<Self> {
        let top = STACKS + (u64::from(number) + 1) * STRIDE;
        let mut stack = Self { pages: top..top };
        // If this fails half-way, dropping `stack` frees the pages that were mapped.
        while stack.pages.start > top - (SIZE + RESERVE) {
            let page = stack.pages.start - PAGE_SIZE;
            let frame = frames::allocate(1, 1, FrameOwner::STACKS)?;
            let bytes = direct_map::pointer::<u8>(frame);
            // SAFETY: the frame was just allocated, and lies in the direct map. It is zeroed so that no thread of a
            // domain reads data that another thread has left.
            unsafe { bytes.write_bytes(0, PAGE_SIZE as usize) };
            if address_space::map_private(page, frame).is_err() {
                // The frame belongs to `STACKS`, so freeing it is not refused.
                let _ = frames::free(frame, 1, FrameOwner::STACKS);
                return None;
            }
            stack.pages.start = page;
        }
        Some(stack)
    }
}

impl Drop for OwnPages {
    /// Unmaps the pages and frees their frames. No thread runs on the stack any more.
    fn drop(&mut self) {
        for page in self.pages.clone().step_by(PAGE_SIZE as usize) {
            if let Some(frame) = address_space::unmap_private(page) {
                // If the allocator refuses the frame, the frame is leaked, which the counts of frames show.
                let _ = frames::free(frame, 1, FrameOwner::STACKS);
            }
        }
        address_space::free_empty_tables(self.pages.start, self.pages.end);
    }
}

/// Whether `address` lies where an overflow of a thread's stack faults: in its guard page, or in its reserve.
pub(crate) fn guards(address: u64) -> bool {
    (STACKS..STACKS + THREADS as u64 * STRIDE).contains(&address)
        && (address - STACKS) % STRIDE < GUARD + RESERVE
}
