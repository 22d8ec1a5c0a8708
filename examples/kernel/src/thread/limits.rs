//! The largest number of threads and of CPUs.

use samara::runtime::threads::MAX_THREADS;

/// The largest number of CPUs.
pub(crate) const MAX_CPUS: usize = 1;

/// The number of places for the kernel's own threads, besides those of the first thread and of the idle threads.
const OWN: usize = 30;

/// The number of places in the table of threads.
pub(super) const THREADS: usize = 1 + MAX_CPUS + OWN + MAX_THREADS;

/// Returns the number of the idle thread of a CPU.
pub(super) const fn idle(cpu: usize) -> u16 {
    1 + cpu as u16
}

/// The first thread number that is given out.
pub(super) const FIRST_FREE: u16 = 1 + MAX_CPUS as u16;
