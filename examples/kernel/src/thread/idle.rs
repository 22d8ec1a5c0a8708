//! What a processor does when no thread is ready.

use x86_64::instructions::hlt;

use super::attendants::Attendant;

/// Never ends, and is never in the queue: it runs when that is empty. So it has nothing that another thread may wait for.
pub(super) fn run(_cpu: usize) {
    loop {
        Attendant::Collector.wake();
        hlt();
    }
}
