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
    /// On whose behalf it runs.
    pub(crate) slot: ThreadSlot,
    /// Its panics in flight.
    pub(crate) unwind: ThreadState,
    /// Its place in the table.
    pub(super) number: u16,
    /// Counts the threads that had this place.
    pub(super) serial: AtomicU32,
    /// Where on the stack a panic's message is formatted; 0 for nowhere.
    pub(super) formatting: AtomicUsize,
    /// Nanoseconds that it has run and that no tick has counted.
    pub(super) owed: AtomicU64,
    /// Its registers while it is off the processor: the scheduler's then.
    pub(super) saved: UnsafeCell<Saved>,
    /// What it is to do: its spawner's until it is ready, then its own.
    pub(super) start: UnsafeCell<Option<Start>>,
    /// Its spawner's until it is ready; then its own, and its trap handlers'.
    pub(super) stack: UnsafeCell<Option<Stack>>,
}

// SAFETY: `slot` and `unwind` are touched by the thread itself only, or by a trap handler on top of it
// that puts them back; the cells as their docs say, handed over by the scheduler's lock.
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
