//! Where nothing is cut: a death takes effect at the next boundary.

#[cfg(feature = "alloc")]
use super::BudgetReading;
use crate::call::Activation;
use crate::exit_reason::{Call, ExitKind, ExitReason};
use core::time::Duration;
use samara_shared_heap::thread::{self, ThreadSlot};

/// The calls that led here are not known.
pub(crate) fn calls_here(_: &ThreadSlot) -> impl Iterator<Item = Call> {
    core::iter::empty()
}

/// The running thread acts for a dead domain: leaves it. While it unwinds it is on its way.
pub(crate) fn leave_dead() {
    if !samara_unwind::is_unwinding() {
        crate::call::raise();
    }
}

/// The running thread acts for a dead domain: leaves it.
pub(crate) fn end_self() -> ! {
    crate::call::raise()
}

/// The running thread, which acts for `activation`, has used its stack up: that domain's death.
pub(crate) fn run_over(activation: &Activation) -> ! {
    let target = activation.target();
    let reason = ExitReason::new(ExitKind::Fault, "stack overflow");
    let die = || target.block().die(target.expected().generation(), &reason);
    // SAFETY: the runtime's own; the sink that it tells is the host's.
    unsafe { thread::as_host(die) };
    end_self()
}

/// Without ticks no time is counted.
pub(crate) fn whose_time() -> usize {
    0
}

/// Without ticks there are no budgets.
#[cfg(feature = "alloc")]
pub(crate) fn may_wait() -> Option<Duration> {
    None
}

/// As above.
#[cfg(feature = "alloc")]
pub(crate) fn waited(_: Duration, _: u32) {}

/// As above.
#[cfg(feature = "alloc")]
pub(crate) fn host_may_wait() -> Option<BudgetReading> {
    None
}

/// As above.
#[cfg(feature = "alloc")]
pub(crate) fn host_waited(_: Duration) {}

/// As above.
pub(crate) fn host_worked(_: Duration, _: u32) {}
