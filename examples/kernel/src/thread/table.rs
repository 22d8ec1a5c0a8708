//! The static table with a place for each thread. A thread's number is its index in the table.

use super::limits::THREADS;
use super::tcb::Thread;

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

/// Returns the thread with this number.
pub(super) fn thread(number: u16) -> &'static Thread {
    match usize::from(number).checked_sub(1) {
        None => &MAIN,
        Some(at) => &OTHERS[at],
    }
}
