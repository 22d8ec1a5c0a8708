//! The idle threads: a CPU runs its idle thread when no other thread is ready.

use x86_64::instructions::hlt;

use super::limits::{self, MAX_CPUS};
use super::spawn::prepare;
use super::start::Start;
use super::table;
use super::workers::Attendant;

/// Makes the idle thread of each CPU. Idle threads are in no queue.
///
/// # Panics
/// If there is no memory for their stacks.
pub(super) fn init() {
    for cpu in 0..MAX_CPUS {
        let number = limits::idle(cpu);
        prepare(table::thread(number), Start::Host(run, cpu))
            .ok()
            .expect("no memory for the idle thread's stack: give the machine more memory");
    }
}

/// Runs the idle thread. The thread never ends, and it is never in the queue: it runs only while the queue is empty.
/// So it must hold no lock or other resource for which another thread may wait.
fn run(_cpu: usize) {
    loop {
        Attendant::Collector.wake();
        hlt();
    }
}
