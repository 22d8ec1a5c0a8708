//! Unwinding by the `unwinding` crate, on architectures for which this crate does not read the tables itself.

#![expect(
    unsafe_code,
    reason = "the unwinder hands exception objects around as raw pointers"
)]

mod backtrace;
mod object;

use unwinding::abi::{UnwindException, UnwindReasonCode};
use unwinding::panicking::{self, Exception};

use super::exception::ExceptionSlot;
use crate::UnwindFailed;

pub use backtrace::backtrace;
pub(super) use object::Object;

/// A claimed slot on its way through the unwinder.
struct InFlight(&'static ExceptionSlot);

// SAFETY: `wrap` returns a pointer to an `UnwindException` that stays valid and unshared until `unwrap`, because the
// slot is static and claimed. The unwinder calls `unwrap` only with such a pointer, because only this type uses the
// class below.
unsafe impl Exception for InFlight {
    const CLASS: [u8; 8] = *b"SAMARA\0\0";

    fn wrap(this: Self) -> *mut UnwindException {
        core::ptr::from_ref(this.0).cast_mut().cast()
    }

    /// Releases the slot: from here on nothing refers to the object.
    unsafe fn unwrap(object: *mut UnwindException) -> Self {
        // SAFETY: `object` came from `wrap`, so it is the address of a static slot, with that slot's provenance.
        let slot = unsafe { &*object.cast::<ExceptionSlot>() };
        slot.release();
        Self(slot)
    }
}

/// Runs `f`. Returns an error if `f` raised an exception that ended here; the exception's slot is then released.
#[inline]
pub(super) fn catch<R>(f: impl FnOnce() -> R) -> Result<R, ()> {
    panicking::catch_unwind::<InFlight, R, _>(f).map_err(|_| ())
}

/// Raises the claimed exception. Returns only if it cannot be delivered.
pub(super) fn begin(exception: &'static ExceptionSlot) -> UnwindFailed {
    match panicking::begin_panic(InFlight(exception)) {
        UnwindReasonCode::END_OF_STACK => UnwindFailed::NoBoundary,
        _ => UnwindFailed::Blocked,
    }
}
