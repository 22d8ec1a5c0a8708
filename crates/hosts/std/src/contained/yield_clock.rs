//! A clock of turns, which advances by a fixed time at each yield of its thread.

use super::signals;
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

/// Returns the time on the running thread's clock of turns, if it has one.
pub(crate) fn now() -> Option<u64> {
    TURNING.get().map(|turning| turning.now)
}

/// Returns the time that a tick on the running thread reports, if the thread has a clock of turns.
pub(super) fn elapsed() -> Option<Duration> {
    TURNING.get().map(|turning| turning.each)
}

/// Ends a turn of the running thread's clock of turns, if the thread has one. Called at each yield.
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
    // SAFETY: only `Contained::by_turns` sets the clock. A `Contained` is made by `contained`, which has
    // installed the handler of this signal (AUTH-10).
    unsafe { libc::raise(signals::tick()) };
}

/// Runs `call` on a clock whose turns each take `each`. Returns the result of `call` and the number of turns.
pub(super) fn run<R>(each: Duration, then: fn(u64), call: impl FnOnce() -> R) -> (R, u64) {
    struct Ended;
    impl Drop for Ended {
        fn drop(&mut self) {
            TURNING.set(None);
        }
    }
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
