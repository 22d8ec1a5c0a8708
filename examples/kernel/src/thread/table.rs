//! All threads there can be, in one static table: a thread's number is its index.

use samara::runtime::threads::MAX_THREADS;

use super::Thread;
use crate::arch::cpu::MAX_CPUS;

/// Threads of the kernel's own.
const OWN: usize = 30;

/// Places in the table.
pub(super) const THREADS: usize = 1 + MAX_CPUS + OWN + MAX_THREADS;

/// The thread that booted, number 0.
pub(crate) static MAIN: Thread = Thread::new(0);

static OTHERS: [Thread; THREADS - 1] = {
    let mut threads = [const { Thread::new(0) }; THREADS - 1];
    let mut at = 0;
    while at < threads.len() {
        threads[at].number = at as u16 + 1;
        at += 1;
    }
    threads
};

/// The thread with a number.
pub(super) fn thread(number: u16) -> &'static Thread {
    match usize::from(number).checked_sub(1) {
        None => &MAIN,
        Some(at) => &OTHERS[at],
    }
}

/// The number of the thread that a processor runs when there is no other.
pub(super) const fn idle(cpu: usize) -> u16 {
    1 + cpu as u16
}

/// The first number that is given out.
pub(super) const FIRST_FREE: u16 = 1 + MAX_CPUS as u16;
