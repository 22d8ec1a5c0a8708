//! Calls that stay inside as long as the host wants.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

/// Whether a call is inside and is to stay, at most so many at a time.
static ASLEEP: [AtomicBool; 256] = [const { AtomicBool::new(false) }; 256];
static SLEEPERS: AtomicUsize = AtomicUsize::new(0);

/// The longest sleep: a step may fail, but not hang.
const PATIENCE: Duration = Duration::from_secs(4);

/// A place for a call to sleep in.
pub(crate) fn place() -> usize {
    SLEEPERS.fetch_add(1, SeqCst) % ASLEEP.len()
}

/// Called inside: stays until [`wake`], or not much longer.
pub(crate) fn sleep(place: usize) {
    let began = Instant::now();
    ASLEEP[place].store(true, SeqCst);
    while ASLEEP[place].load(SeqCst) && began.elapsed() < PATIENCE {
        thread::sleep(Duration::from_millis(1));
    }
}

/// Whether a call is asleep in there.
pub(crate) fn is_asleep(place: usize) -> bool {
    ASLEEP[place].load(SeqCst)
}

/// Has it come back.
pub(crate) fn wake(place: usize) {
    ASLEEP[place].store(false, SeqCst);
}
