//! The hosted backend: `std::panic`.

extern crate std;

use std::any::Any;
use std::boxed::Box;
use std::cell::Cell;
use std::mem;
use std::panic::{self, AssertUnwindSafe};

/// Whether the destructors between a panic and its boundary run.
pub const RUNS_DESTRUCTORS: bool = true;

/// What a contained panic carried. It belongs to the code that panicked: dispose of it inside the
/// boundary, where its destructor may still run.
#[must_use = "dispose of the payload where the code that raised it may still run"]
#[derive(Debug)]
pub struct Payload(Box<dyn Any + Send>);

impl Payload {
    /// Drops it. A panic of its destructor ends here; what that one carried is leaked: no third
    /// chance.
    pub fn dispose(self) {
        if let Err(second) = panic::catch_unwind(AssertUnwindSafe(move || drop(self.0))) {
            mem::forget(second);
        }
    }
}

/// Raised by [`raise`]; nothing is allocated for it.
struct Raised;

/// Runs `f`; a panic inside ends here.
///
/// # Errors
/// What the panic carried.
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

/// Passes on what a [`catch`] has stopped, to the next one: the payload goes as it is, in the same box.
pub fn resume(payload: Payload) -> ! {
    panic::resume_unwind(payload.0)
}

std::thread_local! {
    /// A panic was cut on this thread: `std` will count it for ever.
    static MISCOUNTED: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is unwinding now: a second panic that leaves a destructor would be fatal.
///
/// Once a panic in flight was cut on this thread, always false: `std` cannot be told.
#[must_use]
pub fn is_unwinding() -> bool {
    std::thread::panicking() && !MISCOUNTED.get()
}

/// Raises where a cut has landed, once it is noted that a panic was among what was given up.
#[cfg(samara_tables)]
#[inline(always)] // a frame less to unwind
pub(crate) fn raise_cut_within(_: core::ops::Range<usize>) -> ! {
    if std::thread::panicking() {
        MISCOUNTED.set(true);
    }
    raise()
}
