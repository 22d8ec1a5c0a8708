//! Threads: each with a guarded stack of its own, taken turns by the tick.
//!
//! | module | concept |
//! |---|---|
//! | `table` | all threads there can be |
//! | `stack` | where their stacks lie |
//! | `reserve` | more of it, for trusted code that has none left |
//! | `queue` | the run queue, pure |
//! | `scheduler` | who runs, waits, has ended: all transitions, pure |
//! | `request` | what a thread asks of the scheduler: yield, park, sleep, end |
//! | `switch` | a thread's registers, from the trap stack to its save area and back |
//! | `cut` | threads taken out of a domain that dies |
//! | `tick` | the timer's interrupt |
//! | `spawn` | from a function to a running thread, and what is left when it ended |
//! | `idle`, `attendants` | the threads that the kernel always has |
//!
//! Every switch happens in a trap: the interrupt's frame is moved to the save area of the thread that it
//! interrupted, and another's takes its place. So a trap stack is empty whenever interrupts are on, and
//! a thread that is off the processor can be given another place to go on at.

pub(crate) mod attendants;
pub(crate) mod cut;
mod idle;
mod queue;
pub(crate) mod request;
pub(crate) mod reserve;
mod scheduler;
pub(crate) mod spawn;
mod stack;
#[cfg(feature = "kernel-tests")]
pub(crate) mod step;
mod switch;
mod table;
pub(crate) mod tick;

use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};

use samara::heap::thread::ThreadSlot;
use samara_unwind::ThreadState;

use crate::arch::cpu;
#[cfg(feature = "kernel-tests")]
use attendants::Attendant;
use spawn::Start;
use stack::Stack;
pub(crate) use stack::guards as stack_guards;
pub(crate) use switch::Interrupted;
use switch::Saved;
pub(crate) use table::MAIN;

/// Frames of the stacks that never go: the idle thread's, and those of the attendants.
#[cfg(feature = "kernel-tests")]
pub(crate) const OWN_STACK_FRAMES: usize = (1 + Attendant::ALL.len()) * stack::FRAMES;

/// A thread of the kernel.
pub(crate) struct Thread {
    /// On whose behalf it runs.
    pub(crate) slot: ThreadSlot,
    /// Its panics in flight.
    pub(crate) unwind: ThreadState,
    /// Its place in the table.
    number: u16,
    /// Counts the threads that had this place.
    serial: AtomicU32,
    /// Where on the stack a panic's message is formatted; 0 for nowhere.
    formatting: AtomicUsize,
    /// Nanoseconds that it has run and that no tick has counted.
    owed: AtomicU64,
    /// Its registers while it is off the processor: the scheduler's then.
    saved: UnsafeCell<Saved>,
    /// What it is to do: its spawner's until it is ready, then its own.
    start: UnsafeCell<Option<Start>>,
    /// Its spawner's until it is ready; then its own, and its trap handlers'.
    stack: UnsafeCell<Option<Stack>>,
}

// SAFETY: `slot` and `unwind` are touched by the thread itself only, or by a trap handler on top of it
// that puts them back; the cells as their docs say, handed over by the scheduler's lock.
unsafe impl Sync for Thread {}

impl Thread {
    const fn new(number: u16) -> Self {
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

/// The running thread.
#[inline]
pub(crate) fn current() -> &'static Thread {
    cpu::thread()
}

fn unwind_state() -> &'static ThreadState {
    &current().unwind
}

samara_unwind::set_thread_state!(unwind_state);

/// Starts the kernel's own threads and the tick: from here on the running thread is one of several.
///
/// # Panics
/// Without memory for their stacks, or a timer.
pub(crate) fn init() {
    reserve::init();
    spawn::init();
    attendants::init();
    tick::init();
}

/// While a thread formats a panic's message, which runs the panicking code's `Display`. Ends also
/// if that unwinds.
pub(crate) struct Formatting(&'static Thread);

impl Formatting {
    /// `None` if this thread is formatting one already.
    pub(crate) fn begin() -> Option<Self> {
        let thread = current();
        let here = (&raw const thread).addr();
        let began =
            thread
                .formatting
                .compare_exchange(0, here, Ordering::Relaxed, Ordering::Relaxed);
        // Made only if it is wanted: dropping one ends the formatting.
        began.is_ok().then(|| Self(thread))
    }
}

impl Drop for Formatting {
    fn drop(&mut self) {
        self.0.formatting.store(0, Ordering::Relaxed);
    }
}
