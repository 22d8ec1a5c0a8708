//! Bounded waits on the host's clock.

use crate::host::Clock;

const NANOS_PER_MILLI: u64 = 1_000_000;

/// The moment at which a wait gives up.
#[derive(Clone, Copy)]
pub struct Deadline {
    clock: &'static dyn Clock,
    at: u64,
}

impl Deadline {
    /// Returns the moment `millis` milliseconds from now; saturates rather than wraps.
    pub fn after(clock: &'static dyn Clock, millis: u64) -> Self {
        let at = clock
            .now()
            .saturating_add(millis.saturating_mul(NANOS_PER_MILLI));
        Self { clock, at }
    }

    /// Whether the moment has come.
    pub fn passed(&self) -> bool {
        self.clock.now() >= self.at
    }

    /// Polls `done` until it returns true or the moment has come. Returns the last result of `done`. Calls `done`
    /// once more after the moment has come, so that a thread that was scheduled away does not miss its event.
    pub fn poll(&self, mut done: impl FnMut() -> bool) -> bool {
        self.wait_for(|| done().then_some(())).is_some()
    }

    /// Polls `get` until it returns `Some` or the moment has come, and returns its last result. Calls `get` once more
    /// after the moment has come.
    pub fn wait_for<T>(&self, mut get: impl FnMut() -> Option<T>) -> Option<T> {
        loop {
            if let Some(got) = get() {
                return Some(got);
            }
            if self.passed() {
                return get();
            }
            self.clock.relax();
        }
    }

    /// Waits until the moment has come.
    pub fn sleep(&self) {
        let _ = self.poll(|| false);
    }
}
