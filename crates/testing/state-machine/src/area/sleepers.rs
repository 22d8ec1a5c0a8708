//! Lets calls stay inside a domain as long as the host wants.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

/// For each place, whether a call sleeps there and has not been woken.
static ASLEEP: [AtomicBool; 256] = [const { AtomicBool::new(false) }; 256];
static SLEEPERS: AtomicUsize = AtomicUsize::new(0);

/// The longest sleep. It is limited, because a failing step must not hang.
const PATIENCE: Duration = Duration::from_secs(4);

/// Returns a place for a call to sleep in.
pub(crate) fn place() -> usize {
    SLEEPERS.fetch_add(1, SeqCst) % ASLEEP.len()
}

/// Called inside a domain. Returns after a [`wake`] of this place, or when [`PATIENCE`] is over.
pub(crate) fn sleep(place: usize) {
    let began = Instant::now();
    ASLEEP[place].store(true, SeqCst);
    while ASLEEP[place].load(SeqCst) && began.elapsed() < PATIENCE {
        thread::sleep(Duration::from_millis(1));
    }
}

/// Whether a call sleeps in `place`.
pub(crate) fn is_asleep(place: usize) -> bool {
    ASLEEP[place].load(SeqCst)
}

/// Makes the call in `place` return.
pub(crate) fn wake(place: usize) {
    ASLEEP[place].store(false, SeqCst);
}
