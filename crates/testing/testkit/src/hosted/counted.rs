//! The system's allocator with a count of what it has given out: the host's own heap, where domains have
//! theirs.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicIsize, Ordering::SeqCst};

/// Counts what it takes from the system: `DomainAlloc::new(Counted)`.
///
/// The process's first thread is counted apart, and is left out where another thread asks: the test harness starts and ends other
/// tests there while one measures.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counted;

/// Bytes and blocks that are allocated.
struct Counts {
    bytes: AtomicIsize,
    blocks: AtomicIsize,
}

impl Counts {
    const fn new() -> Self {
        Self {
            bytes: AtomicIsize::new(0),
            blocks: AtomicIsize::new(0),
        }
    }

    fn add(&self, bytes: isize, blocks: isize) {
        self.bytes.fetch_add(bytes, SeqCst);
        self.blocks.fetch_add(blocks, SeqCst);
    }
}

static FIRST_THREADS: Counts = Counts::new();
static OTHERS: Counts = Counts::new();
/// Whether anything was allocated: the first thread does so first.
static BEGUN: AtomicBool = AtomicBool::new(false);

std::thread_local! {
    static IS_FIRST: Cell<bool> = const { Cell::new(false) };
}

fn counts() -> &'static Counts {
    if !BEGUN.load(SeqCst) && !BEGUN.swap(true, SeqCst) {
        IS_FIRST.set(true);
    }
    if IS_FIRST.get() {
        &FIRST_THREADS
    } else {
        &OTHERS
    }
}

fn sum(of: impl Fn(&Counts) -> isize) -> usize {
    let first = if IS_FIRST.get() {
        of(&FIRST_THREADS)
    } else {
        0
    };
    // What one thread allocates and the other frees is negative in one of them.
    of(&OTHERS).saturating_add(first).max(0).cast_unsigned()
}

impl Counted {
    /// Bytes that are allocated.
    #[must_use]
    pub fn bytes() -> usize {
        sum(|counts| counts.bytes.load(SeqCst))
    }

    /// Blocks that are allocated.
    #[must_use]
    pub fn blocks() -> usize {
        sum(|counts| counts.blocks.load(SeqCst))
    }
}

// SAFETY: the system's allocator, which is told what it is told.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: handed on.
        let at = unsafe { System.alloc(layout) };
        if !at.is_null() {
            counts().add(layout.size().cast_signed(), 1);
        }
        at
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: handed on.
        unsafe { System.dealloc(at, layout) };
        counts().add(-layout.size().cast_signed(), -1);
    }
}
