//! The system's allocator, with a count of the memory that it has given out. It serves as the host's own heap under an
//! allocator that gives each domain a heap of its own.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicIsize, Ordering::SeqCst};

/// Counts the memory that it takes from the system. It is used as `DomainAlloc::new(Counted)`.
///
/// The process's first thread has counts of its own, and these are left out if another thread asks. The reason is
/// that the test harness starts and ends tests on the first thread while another test measures.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counted;

/// Numbers of bytes and blocks that are allocated.
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
/// Whether an allocation was made before. The process's first thread makes the first allocation.
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
    // Each of the two counts can be negative, because a thread may free memory that was counted in the other one.
    of(&OTHERS).saturating_add(first).max(0).cast_unsigned()
}

impl Counted {
    /// Returns the number of bytes that are allocated.
    #[must_use]
    pub fn bytes() -> usize {
        sum(|counts| counts.bytes.load(SeqCst))
    }

    /// Returns the number of blocks that are allocated.
    #[must_use]
    pub fn blocks() -> usize {
        sum(|counts| counts.blocks.load(SeqCst))
    }
}

// SAFETY: each call is passed on to the system's allocator with the same arguments.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the contract, which is the same.
        let at = unsafe { System.alloc(layout) };
        if !at.is_null() {
            counts().add(layout.size().cast_signed(), 1);
        }
        at
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract, and the block came from `System`.
        unsafe { System.dealloc(at, layout) };
        counts().add(-layout.size().cast_signed(), -1);
    }
}
