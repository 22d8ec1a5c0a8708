//! Stacks of threads: a window of addresses, a stripe for each thread. From the top of a stripe:
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

/// Bytes of address space for each.
const STRIDE: u64 = 128 * 1024;

/// Bytes that are never mapped.
const GUARD: u64 = PAGE_SIZE;

/// Bytes of the reserve: the deepest trusted code and then what unwinding takes, about 16 KiB.
const RESERVE: u64 = 28 * 1024;

/// Bytes of the usual stack. Unwinding a panic takes about 16 KiB on top of what panicked.
const SIZE: u64 = 96 * 1024;

const _: () = assert!(SIZE + RESERVE + GUARD == STRIDE && RESERVE <= MAX_PAGES * PAGE_SIZE);

/// Frames that each takes.
#[cfg(feature = "kernel-tests")]
pub(crate) const FRAMES: usize = ((STRIDE - GUARD) / PAGE_SIZE) as usize;

/// A thread's stack.
pub(super) struct Stack {
    /// Before the pages that it is made of: when it is dropped they can be unmapped.
    reserve: Reserve,
    end: u64,
    /// `None` where they are the image's.
    _pages: Option<OwnPages>,
}

impl Stack {
    /// The stack of the thread with a number, which has none now; `None` when memory is used up.
    pub(super) fn new(number: u16) -> Option<Self> {
        let own = OwnPages::new(number)?;
        let (start, end) = (own.pages.start, own.pages.end);
        // SAFETY: the lowest pages of the stack, which are dropped after it.
        let reserve = unsafe { Reserve::new(start..start + RESERVE) }?;
        Some(Self {
            reserve,
            end,
            _pages: Some(own),
        })
    }

    /// The stack that the kernel booted on, of which the lowest part is closed now.
    pub(super) fn of_image() -> Option<Self> {
        // SAFETY: the lowest pages of the stack that the running thread is at the other end of; they are
        // never unmapped.
        let reserve = unsafe { Reserve::new(stack::main_reserve()) }?;
        Some(Self {
            reserve,
            end: stack::MAIN.top(),
            _pages: None,
        })
    }

    /// Invariant: TRAP-7
    pub(super) fn reserve(&self) -> &Reserve {
        &self.reserve
    }

    /// Lowest address and end while the reserve is closed.
    pub(super) fn usual(&self) -> Range<usize> {
        self.reserve.pages().end as usize..self.end as usize
    }

    /// Lowest address and end while it is open.
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
        // Dropped half way it gives back what it has.
        while stack.pages.start > top - (SIZE + RESERVE) {
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
}

impl Drop for OwnPages {
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

/// Whether `address` is where a thread's stack that runs over faults: its guard, or its reserve.
pub(crate) fn guards(address: u64) -> bool {
    (STACKS..STACKS + THREADS as u64 * STRIDE).contains(&address)
        && (address - STACKS) % STRIDE < GUARD + RESERVE
}
