//! The system's allocator with a count of what it has given out: the host's own heap, where domains have
//! theirs.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

/// Counts what it takes from the system: `DomainAlloc::new(Counted)`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counted;

static BYTES: AtomicUsize = AtomicUsize::new(0);
static BLOCKS: AtomicUsize = AtomicUsize::new(0);

impl Counted {
    /// Bytes that are allocated.
    #[must_use]
    pub fn bytes() -> usize {
        BYTES.load(SeqCst)
    }

    /// Blocks that are allocated.
    #[must_use]
    pub fn blocks() -> usize {
        BLOCKS.load(SeqCst)
    }
}

// SAFETY: the system's allocator, which is told what it is told.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: handed on.
        let at = unsafe { System.alloc(layout) };
        if !at.is_null() {
            BYTES.fetch_add(layout.size(), SeqCst);
            BLOCKS.fetch_add(1, SeqCst);
        }
        at
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: handed on.
        unsafe { System.dealloc(at, layout) };
        BYTES.fetch_sub(layout.size(), SeqCst);
        BLOCKS.fetch_sub(1, SeqCst);
    }
}
