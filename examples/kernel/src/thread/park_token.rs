//! The tokens that parks wait for, and the one scheduler.

use samara::runtime::threads::MAX_THREADS;

use super::limits::{self, THREADS};
use super::scheduler::Scheduler;
use super::tcb::Thread;
use crate::sync::TrapLock;

/// A token, which a park waits for and a wake sets. There is one for each thread of the table, and one for each thread
/// that domains can have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token(pub(super) u16);

impl Token {
    /// Returns the token of a thread of the kernel's own.
    pub(super) fn of(thread: &Thread) -> Self {
        Self(thread.number)
    }

    /// Returns the token of a domain's thread, by the runtime's index.
    pub(crate) fn of_domain_thread(index: usize) -> Self {
        Self((THREADS + index.min(MAX_THREADS - 1)) as u16)
    }
}

pub(super) const TOKENS: usize = THREADS + MAX_THREADS;

/// The one scheduler.
pub(super) static SCHEDULER: TrapLock<Scheduler<THREADS, TOKENS>> =
    TrapLock::new(Scheduler::new(limits::FIRST_FREE));
