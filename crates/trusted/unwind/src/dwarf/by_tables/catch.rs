//! The boundary: a `catch` by the compiler's intrinsic, which costs nothing beyond the call.

use core::intrinsics;
use core::mem::ManuallyDrop;

use super::super::exception::ExceptionSlot;

/// The closure on the way in, and its result on the way out.
#[repr(C)] // `landed` writes a pointer at the address of the union
union Data<F, R> {
    f: ManuallyDrop<F>,
    result: ManuallyDrop<R>,
    /// A foreign exception that has landed instead, or null.
    #[cfg(feature = "std")]
    foreign: *mut u8,
}

/// Runs `f`. Returns an error if `f` raised an exception that ended here; the exception's slot is then released.
#[inline]
pub(in super::super) fn catch<R, F: FnOnce() -> R>(f: F) -> Result<R, ()> {
    let mut data = Data {
        f: ManuallyDrop::new(f),
    };
    let place = (&raw mut data).cast::<u8>();
    // SAFETY: `call` gets the place that it expects, once, and `landed` gets the place and the exception that was
    // raised in `call`.
    let raised = unsafe { intrinsics::catch_unwind(call::<R, F>, place, landed) };
    if raised == 0 {
        // SAFETY: `call` has returned and has stored the result.
        let result = unsafe { data.result };
        Ok(ManuallyDrop::into_inner(result))
    } else {
        // Raised again here, because `landed` itself must not raise.
        #[cfg(feature = "std")]
        // SAFETY: `landed` has stored the pointer.
        super::foreign::hand_on(unsafe { data.foreign });
        Err(())
    }
}

#[inline]
fn call<R, F: FnOnce() -> R>(place: *mut u8) {
    // SAFETY: the place is the `Data` of `catch`, to which nothing else refers meanwhile.
    let data = unsafe { &mut *place.cast::<Data<F, R>>() };
    // SAFETY: the closure was stored by `catch`, and is taken once.
    let f = unsafe { ManuallyDrop::take(&mut data.f) };
    data.result = ManuallyDrop::new(f());
}

/// Ends an exception that has reached the boundary: releases its slot, or stores a foreign exception for `catch`.
#[cold]
fn landed(place: *mut u8, exception: *mut u8) {
    #[cfg(feature = "std")]
    {
        // SAFETY: the landing pad was given this exception.
        let foreign = unsafe { super::foreign::is_foreign(exception) };
        let raised_again = if foreign {
            exception
        } else {
            core::ptr::null_mut()
        };
        // SAFETY: the place of a `Data`, whose closure was taken, and which has room for a pointer at its start.
        unsafe { place.cast::<*mut u8>().write(raised_again) };
        if foreign {
            return;
        }
    }
    #[cfg(not(feature = "std"))]
    let _ = place;
    // SAFETY: the exception is one of this backend: a slot, which is static.
    let slot = unsafe { &*exception.cast::<ExceptionSlot>() };
    slot.release();
}
