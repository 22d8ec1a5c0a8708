//! Threads: each with a guarded stack of its own, taken turns by the tick.
//!
//! | module | concept |
//! |---|---|
//! | `limits` | how many threads and processors there can be |
//! | `stack` | where threads' stacks lie |
//! | `saved`, `start` | a thread's registers while it is off the processor, and what it is to do |
//! | `tcb`, `table` | a thread, and all that there can be |
//! | `cpu` | what each processor has for itself: the running thread |
//! | `reserve` | more stack, for trusted code that has none left |
//! | `cut` | threads taken out of a domain that dies |
//! | `queue`, `scheduler` | the run queue, and each thread's state: all transitions, pure |
//! | `park_token` | what a park waits for; the one scheduler |
//! | `request` | what a thread asks of the scheduler: yield, park, sleep, end |
//! | `timer`, `switch` | the time that a thread has run; from one thread to the next |
//! | `dispatch` | what the scheduler does with a request |
//! | `tick` | the timer's interrupt |
//! | `spawn` | from a function to a running thread, and what is left when it ended |
//! | `workers`, `idle` | the threads that the kernel always has |
//!
//! Each file knows those above it only.
//!
//! Every switch happens in a trap: the interrupt's frame is moved to the save area of the thread that it
//! interrupted, and another's takes its place. So a trap stack is empty whenever interrupts are on, and
//! a thread that is off the processor can be given another place to go on at.

pub(crate) mod cpu;
pub(crate) mod cut;
pub(crate) mod dispatch;
mod formatting;
mod idle;
mod limits;
mod park_token;
mod queue;
pub(crate) mod request;
pub(crate) mod reserve;
mod saved;
mod scheduler;
pub(crate) mod spawn;
mod stack;
mod start;
#[cfg(feature = "kernel-tests")]
pub(crate) mod step;
mod switch;
mod table;
mod tcb;
pub(crate) mod tick;
mod timer;
pub(crate) mod workers;

use samara_unwind::ThreadState;

pub(crate) use cpu::current;
pub(crate) use formatting::Formatting;
pub(crate) use saved::Interrupted;
pub(crate) use stack::guards as stack_guards;
#[cfg(feature = "kernel-tests")]
use workers::Attendant;

/// Frames of the stacks that never go: the idle thread's, and those of the attendants.
#[cfg(feature = "kernel-tests")]
pub(crate) const OWN_STACK_FRAMES: usize = (1 + Attendant::ALL.len()) * stack::FRAMES;

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
    idle::init();
    workers::init();
    tick::init();
}
