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
    /// The slot from which the heap and the runtime learn for which domain the thread acts.
    pub(crate) slot: ThreadSlot,
    /// The thread's panics in flight.
    pub(crate) unwind: ThreadState,
    /// The index of the thread in the table.
    pub(super) number: u16,
    /// Counts the threads that had this place and were freed.
    pub(super) serial: AtomicU32,
    /// A stack address in the frame that formats a panic's message, or 0 if the thread formats no message.
    pub(super) formatting: AtomicUsize,
    /// The nanoseconds of the thread's run time that are not charged yet.
    pub(super) owed: AtomicU64,
    /// The thread's registers while it is off the CPU. The scheduler owns the cell then.
    pub(super) saved: UnsafeCell<Saved>,
    /// The code that the thread is to run. The spawner owns the cell until the thread is ready, then the thread does.
    pub(super) start: UnsafeCell<Option<Start>>,
    /// The thread's stack. The spawner owns the cell until the thread is ready, then the thread and its trap handlers
    /// do.
    pub(super) stack: UnsafeCell<Option<Stack>>,
}

// SAFETY: `slot` and `unwind` are used only by the thread itself and by trap handlers that have interrupted it and
// restore them. Each cell is used only by its owner, as its doc says, and changes owners under the scheduler's lock.
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
