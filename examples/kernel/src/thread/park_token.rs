//! The tokens that parks wait for, and the one scheduler.

use samara::runtime::threads::MAX_THREADS;

use super::limits::{self, THREADS};
use super::scheduler::Scheduler;
use super::tcb::Thread;
use crate::sync::TrapLock;

/// A token: a park waits for it, and a wake sets it. There is one for each thread of the table, and one for each
/// index that the runtime can give a domain's thread.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token(pub(super) u16);

impl Token {
    /// Returns the token of a thread of the kernel's own.
    pub(super) fn of(thread: &Thread) -> Self {
        Self(thread.number)
    }

    /// Returns the token of the domain's thread that has this index in the runtime.
    pub(crate) fn of_domain_thread(index: usize) -> Self {
        Self((THREADS + index.min(MAX_THREADS - 1)) as u16)
    }
}

pub(super) const TOKENS: usize = THREADS + MAX_THREADS;

/// The one scheduler.
pub(super) static SCHEDULER: TrapLock<Scheduler<THREADS, TOKENS>> =
    TrapLock::new(Scheduler::new(limits::FIRST_FREE));
