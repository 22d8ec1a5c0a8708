//! Measures time that the host spends on behalf of a domain in uncharged stretches. It leaves out the time of domains
//! that are entered meanwhile, which pay for themselves; of reclaims, whose length the dead domains have chosen; and
//! of waits that have been charged already.

use crate::host;
use core::time::Duration;
use samara_shared_heap::thread;

/// The time that an uncharged stretch took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spent {
    /// By the clock.
    pub(crate) time: Duration,
    /// Microseconds, by ticks.
    pub(crate) ticks: u32,
}

/// Runs `f` as the host, uncharged, and measures it.
///
/// # Safety
/// As for [`thread::as_host_uncharged`].
pub(crate) unsafe fn uncharged<R>(f: impl FnOnce() -> R) -> (R, Spent) {
    let measured = || {
        let (slot, began) = (thread::current(), host::now_ns());
        slot.tell(began, false);
        let before = slot.others();
        let result = f();
        let ended = host::now_ns();
        slot.tell(ended, false);
        let others = slot.others().wrapping_sub(before);
        let took = ended.saturating_sub(began).saturating_sub(others);
        (result, Duration::from_nanos(took))
    };
    // SAFETY: handed on.
    let ((result, time), ticks) = unsafe { thread::as_host_uncharged(measured) };
    (result, Spent { time, ticks })
}

/// Runs `f` and leaves its time out of the enclosing stretch. Use it for time that is charged to nobody, or that `f`
/// itself charges.
pub(crate) fn exclude_time<R>(f: impl FnOnce() -> R) -> R {
    let (slot, began) = (thread::current(), host::now_ns());
    slot.tell(began, !slot.is_uncharged());
    let before = slot.others();
    let result = f();
    let ended = host::now_ns();
    let took = ended.saturating_sub(began);
    slot.set_others(before.wrapping_add(took), ended);
    result
}
