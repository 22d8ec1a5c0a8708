//! What a park waits for, and the one scheduler that knows who waits.

use samara::runtime::threads::MAX_THREADS;

use super::limits::{self, THREADS};
use super::scheduler::Scheduler;
use super::tcb::Thread;
use crate::sync::TrapLock;

/// What a park waits for and a wake sets: one for each thread, one for each thread that a domain can have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token(pub(super) u16);

impl Token {
    /// The token of a thread of the kernel's own.
    pub(super) fn of(thread: &Thread) -> Self {
        Self(thread.number)
    }

    /// The token of a domain's thread, by the runtime's index.
    pub(crate) fn of_domain_thread(index: usize) -> Self {
        Self((THREADS + index.min(MAX_THREADS - 1)) as u16)
    }
}

pub(super) const TOKENS: usize = THREADS + MAX_THREADS;

/// The one scheduler.
pub(super) static SCHEDULER: TrapLock<Scheduler<THREADS, TOKENS>> =
    TrapLock::new(Scheduler::new(limits::FIRST_FREE));
