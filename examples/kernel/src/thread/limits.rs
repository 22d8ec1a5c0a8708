//! How many threads and processors there can be.

use samara::runtime::threads::MAX_THREADS;

/// Processors that there is room for.
pub(crate) const MAX_CPUS: usize = 1;

/// Threads of the kernel's own.
const OWN: usize = 30;

/// Places in the table of threads.
pub(super) const THREADS: usize = 1 + MAX_CPUS + OWN + MAX_THREADS;

/// The number of the thread that a processor runs when there is no other.
pub(super) const fn idle(cpu: usize) -> u16 {
    1 + cpu as u16
}

/// The first number that is given out.
pub(super) const FIRST_FREE: u16 = 1 + MAX_CPUS as u16;
