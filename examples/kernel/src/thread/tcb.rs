//! A thread of the kernel.

use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize};

use samara::heap::thread::ThreadSlot;
use samara_unwind::ThreadState;

use super::saved::Saved;
use super::stack::Stack;
use super::start::Start;

/// A thread of the kernel.
pub(crate) struct Thread {
    /// The slot by which the heap and the runtime know for whom the thread acts.
    pub(crate) slot: ThreadSlot,
    /// The thread's panics in flight.
    pub(crate) unwind: ThreadState,
    /// The thread's place in the table.
    pub(super) number: u16,
    /// Counts the threads that have had this place and were freed.
    pub(super) serial: AtomicU32,
    /// The stack address at which a panic's message is being formatted; 0 if none is.
    pub(super) formatting: AtomicUsize,
    /// Nanoseconds that the thread has run and that were charged to no domain yet.
    pub(super) owed: AtomicU64,
    /// The thread's registers while it is off the CPU. The scheduler owns the cell then.
    pub(super) saved: UnsafeCell<Saved>,
    /// The code that the thread is to run. The spawner owns the cell until the thread is ready, then the thread does.
    pub(super) start: UnsafeCell<Option<Start>>,
    /// The thread's stack. The spawner owns the cell until the thread is ready, then the thread and its trap handlers
    /// do.
    pub(super) stack: UnsafeCell<Option<Stack>>,
}

// SAFETY: only the thread itself uses `slot` and `unwind`, or a trap handler that has interrupted it and restores them.
// The cells are used by their owners, as their docs say, and change owners under the scheduler's lock.
unsafe impl Sync for Thread {}

impl Thread {
    pub(super) const fn new(number: u16) -> Self {
        Self {
            slot: ThreadSlot::new(0),
            unwind: ThreadState::new(),
            number,
            serial: AtomicU32::new(0),
            formatting: AtomicUsize::new(0),
            owed: AtomicU64::new(0),
            saved: UnsafeCell::new(Saved::new()),
            start: UnsafeCell::new(None),
            stack: UnsafeCell::new(None),
        }
    }
}
