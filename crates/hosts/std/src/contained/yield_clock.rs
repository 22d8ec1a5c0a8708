//! A clock of turns: time that a thread waits is counted by its yields.

use super::handlers;
use super::thread::{self, Contained};
use crate::StdHost;
use samara_domain_runtime::host::Clock;
use std::cell::Cell;
use std::time::Duration;

#[derive(Clone, Copy)]
struct Turning {
    now: u64,
    each: Duration,
    turns: u64,
    then: fn(u64),
}

std::thread_local! {
    static TURNING: Cell<Option<Turning>> = const { Cell::new(None) };
}

/// The time on the running thread's clock of turns, if it has one.
pub(crate) fn now() -> Option<u64> {
    TURNING.get().map(|turning| turning.now)
}

/// What a tick on the running thread reports, if its clock is one of turns.
pub(super) fn elapsed() -> Option<Duration> {
    TURNING.get().map(|turning| turning.each)
}

/// The running thread yields: a turn is over, if its clock counts them.
pub(crate) fn over() {
    let Some(turning) = TURNING.get() else {
        return;
    };
    let turns = turning.turns.saturating_add(1);
    let each = turning.each.as_nanos() as u64;
    let now = turning.now.saturating_add(each);
    TURNING.set(Some(Turning {
        now,
        turns,
        ..turning
    }));
    (turning.then)(turns);
    // SAFETY: `by_turns` alone sets the clock. It has a `Contained`, and `thread::contained`, which makes one, installs the signal's handler.
    unsafe { libc::raise(handlers::tick_signal()) };
}

impl Contained {
    /// Runs `call` on a clock that stands still but for the thread's yields: with each of them as much time passes, and then comes a
    /// tick that reports as much. So what the thread waits does not depend on the machine. `then` is told how many turns are over;
    /// the thread that yields calls it, as it calls [`Threads`](samara_domain_runtime::host::Threads).
    ///
    /// Returns also the number of turns.
    ///
    /// # Panics
    /// If the thread has a real tick, or such a clock already.
    pub fn by_turns<R>(&self, each: Duration, then: fn(u64), call: impl FnOnce() -> R) -> (R, u64) {
        struct Ended;
        impl Drop for Ended {
            fn drop(&mut self) {
                TURNING.set(None);
            }
        }
        assert!(
            TURNING.get().is_none() && !thread::has_timer(),
            "the clock of this thread runs by itself: take `stepping`, and one clock of turns at a time"
        );
        let ended = Ended;
        TURNING.set(Some(Turning {
            now: StdHost::now_ns(),
            each,
            turns: 0,
            then,
        }));
        let result = call();
        let turns = TURNING.get().map_or(0, |turning| turning.turns);
        drop(ended);
        (result, turns)
    }
}
