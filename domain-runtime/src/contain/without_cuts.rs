//! Containment without cuts: a death takes effect at the next boundary.

#[cfg(feature = "alloc")]
use super::BudgetReading;
use crate::call::Activation;
use crate::exit_reason::{Call, ExitKind, ExitReason};
use core::time::Duration;
use samara_shared_heap::thread::{self, ThreadSlot};

/// Yields nothing: the calls that led here are not known.
pub(crate) fn calls_here(_: &ThreadSlot) -> impl Iterator<Item = Call> {
    core::iter::empty()
}

/// Makes the running thread leave the dead domain that it acts for. Returns if the thread is unwinding, since then it
/// is already on its way out.
pub(crate) fn leave_dead() {
    if !samara_unwind::is_unwinding() {
        crate::call::raise();
    }
}

/// Makes the running thread leave the dead domain that it acts for.
pub(crate) fn end_self() -> ! {
    crate::call::raise()
}

/// Kills the domain of `activation`, which the running thread acts for and whose stack it has used up, and leaves it.
pub(crate) fn run_over(activation: &Activation) -> ! {
    let target = activation.target();
    let reason = ExitReason::new(ExitKind::Fault, "stack overflow");
    let die = || target.block().die(target.expected().generation(), &reason);
    // SAFETY: `die` is the runtime's own code, and the event sink that it calls is the host's (AUTH-8).
    unsafe { thread::as_host(die) };
    end_self()
}

/// Always 0: without ticks no time is counted.
pub(crate) fn charged_generation() -> usize {
    0
}

/// Always `None`: without ticks there are no budgets.
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
