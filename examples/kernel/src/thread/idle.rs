//! What a processor does when no thread is ready.

use x86_64::instructions::hlt;

use crate::host;

/// Never ends, and is never in the queue: it runs when that is empty.
pub(super) fn run(_cpu: usize) {
    loop {
        // Destructors of domains; they may take long, and others are given their turn meanwhile.
        host::runtime().collect_exports();
        hlt();
    }
}
