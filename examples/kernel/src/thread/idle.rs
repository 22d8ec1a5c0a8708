//! What a processor does when no thread is ready.

use x86_64::instructions::hlt;

use super::limits::{self, MAX_CPUS};
use super::spawn::prepare;
use super::start::Start;
use super::table;
use super::workers::Attendant;

/// Makes the processors' idle threads, which are in no queue.
///
/// # Panics
/// Without memory for their stacks.
pub(super) fn init() {
    for cpu in 0..MAX_CPUS {
        let number = limits::idle(cpu);
        prepare(table::thread(number), Start::Host(run, cpu))
            .ok()
            .expect("memory for the idle thread's stack");
    }
}

/// Never ends, and is never in the queue: it runs when that is empty. So it has nothing that another thread may wait
/// for.
fn run(_cpu: usize) {
    loop {
        Attendant::Collector.wake();
        hlt();
    }
}
