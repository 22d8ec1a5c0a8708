//! The hosted backend: `std::panic`.

extern crate std;

use std::any::Any;
use std::boxed::Box;
use std::cell::Cell;
use std::mem;
use std::panic::{self, AssertUnwindSafe};

/// Whether the destructors between a panic and its boundary run.
pub const RUNS_DESTRUCTORS: bool = true;

/// The payload of a contained panic. It belongs to the code that panicked: dispose of it inside the boundary, where its
/// destructor may still run.
#[must_use = "dispose of the payload where the code that raised it may still run"]
#[derive(Debug)]
pub struct Payload(Box<dyn Any + Send>);

impl Payload {
    /// Drops the payload. A panic of its destructor ends here, and the payload of that second panic is leaked, because
    /// its destructor might panic in turn.
    pub fn dispose(self) {
        if let Err(second) = panic::catch_unwind(AssertUnwindSafe(move || drop(self.0))) {
            mem::forget(second);
        }
    }
}

/// The payload of [`raise`]. It is zero-sized, so its box allocates nothing.
struct Raised;

/// Runs `f`; a panic inside ends here.
///
/// # Errors
/// Returns the payload of the panic.
///
/// Cost: none beyond the call while nothing panics.
///
/// # Example
///
/// ```
/// use samara_unwind::{Payload, catch, raise};
/// use std::cell::Cell;
///
/// struct Told<'a>(&'a Cell<u32>);
///
/// impl Drop for Told<'_> {
///     fn drop(&mut self) {
///         self.0.set(self.0.get() + 1);
///     }
/// }
///
/// let drops = Cell::new(0);
/// let caught = catch(|| {
///     let _told = Told(&drops);
///     if drops.get() == 0 {
///         raise(); // As a panic, but no panic hook runs.
///     }
///     7
/// });
/// let payload: Payload = caught.unwrap_err();
/// payload.dispose();
/// assert_eq!(drops.get(), 1); // The destructors between have run.
///
/// assert_eq!(catch(|| 7).ok(), Some(7));
/// ```
#[inline]
pub fn catch<R>(f: impl FnOnce() -> R) -> Result<R, Payload> {
    panic::catch_unwind(AssertUnwindSafe(f)).map_err(Payload)
}

/// Unwinds to the nearest [`catch`] without running the panic hook.
#[inline]
pub fn raise() -> ! {
    panic::resume_unwind(Box::new(Raised))
}

/// Passes a panic that a [`catch`] has stopped on to the next one. The payload stays in the same box.
pub fn resume(payload: Payload) -> ! {
    panic::resume_unwind(payload.0)
}

std::thread_local! {
    /// Whether a cut has removed a panic in flight on this thread. `std` still counts that panic, and will forever.
    static MISCOUNTED: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is unwinding now, in which case a second panic that leaves a destructor is fatal.
///
/// Once a panic in flight was cut on this thread, this is always false, because the count of `std` is wrong from then
/// on.
#[must_use]
pub fn is_unwinding() -> bool {
    std::thread::panicking() && !MISCOUNTED.get()
}

/// Raises where a cut has landed. First notes whether the cut has removed a panic in flight.
#[cfg(samara_tables)]
#[inline(always)] // a frame less to unwind
pub(crate) fn raise_cut_within(_: core::ops::Range<usize>) -> ! {
    if std::thread::panicking() {
        MISCOUNTED.set(true);
    }
    raise()
}
