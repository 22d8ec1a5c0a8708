//! Where nothing is cut: a death takes effect at the next boundary.

use crate::reason::Call;
#[cfg(feature = "alloc")]
use core::time::Duration;
use samara_shared_heap::thread::ThreadSlot;

/// The calls that led here are not known.
pub(crate) fn calls_here(_: &ThreadSlot) -> impl Iterator<Item = Call> {
    core::iter::empty()
}

/// The running thread acts for a dead domain: leaves it.
pub(crate) fn end_self() -> ! {
    crate::call::raise()
}

/// Without ticks there are no budgets.
#[cfg(feature = "alloc")]
pub(crate) fn may_wait() -> Option<Duration> {
    None
}

/// As above.
#[cfg(feature = "alloc")]
pub(crate) fn waited(_: Duration) {}

/// As above.
#[cfg(feature = "alloc")]
pub(crate) fn host_may_wait() -> Option<Duration> {
    None
}

/// As above.
#[cfg(feature = "alloc")]
pub(crate) fn host_waited(_: Duration) {}
