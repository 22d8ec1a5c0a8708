//! Threads. Each has a stack of its own with a guard page, and the tick schedules them by round robin.
//!
//! | module | concept |
//! |---|---|
//! | `limits` | the number of threads and CPUs that there can be |
//! | `stack` | the stacks of threads |
//! | `saved`, `start` | a thread's registers while it is off the CPU, and the code that it is to run |
//! | `tcb`, `table` | a thread, and the table of all threads |
//! | `cpu` | the data of each CPU: the running thread |
//! | `reserve` | more stack, for trusted code that has none left |
//! | `cut` | takes threads out of a domain that dies |
//! | `queue`, `scheduler` | the run queue, and each thread's state: all transitions, without side effects |
//! | `park_token` | the tokens that parks wait for; the one scheduler |
//! | `request` | a thread's requests to the scheduler: yield, park, sleep, end |
//! | `timer`, `switch` | the time that a thread has run; the switch from one thread to the next |
//! | `dispatch` | handles a request |
//! | `tick` | the timer interrupt |
//! | `spawn` | starts threads, and frees what is left when they have ended |
//! | `workers`, `idle` | the threads that the kernel always has |
//!
//! Each module uses only modules above it in this table.
//!
//! Every switch happens in a trap. The trap frame is copied to the save area of the interrupted thread, and the saved
//! frame of another thread replaces it on the trap stack. So a trap stack is empty whenever interrupts are enabled. A
//! thread that is off the CPU can be made to resume elsewhere by a change of its saved frame.

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

/// The number of frames of the stacks that are never freed: the stacks of the idle thread and of the worker threads.
#[cfg(feature = "kernel-tests")]
pub(crate) const OWN_STACK_FRAMES: usize = (1 + Attendant::ALL.len()) * stack::FRAMES;

fn unwind_state() -> &'static ThreadState {
    &current().unwind
}

samara_unwind::set_thread_state!(unwind_state);

/// Starts the kernel's own threads and the tick. After this call other threads share the CPU with the running thread.
///
/// # Panics
/// If there is no memory for the stacks, or no timer.
pub(crate) fn init() {
    reserve::init();
    idle::init();
    workers::init();
    tick::init();
}
