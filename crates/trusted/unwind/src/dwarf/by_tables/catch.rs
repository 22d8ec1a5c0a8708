//! The boundary: what the compiler makes of a `catch` costs nothing beyond the call.

use core::intrinsics;
use core::mem::ManuallyDrop;

use super::super::exception::ExceptionSlot;

/// The closure goes in, its result comes out.
#[repr(C)] // `landed` writes at its address
union Data<F, R> {
    f: ManuallyDrop<F>,
    result: ManuallyDrop<R>,
    /// What has landed instead and is not ours.
    #[cfg(feature = "std")]
    foreign: *mut u8,
}

/// Runs `f`. An error if what it raised ended here, whose slot was given back.
#[inline]
pub(in super::super) fn catch<R, F: FnOnce() -> R>(f: F) -> Result<R, ()> {
    let mut data = Data {
        f: ManuallyDrop::new(f),
    };
    let place = (&raw mut data).cast::<u8>();
    // SAFETY: `call` gets the place that it expects, once; `landed` what was raised in it.
    let raised = unsafe { intrinsics::catch_unwind(call::<R, F>, place, landed) };
    if raised == 0 {
        // SAFETY: `call` has come to its end, so that the result is there.
        let result = unsafe { data.result };
        Ok(ManuallyDrop::into_inner(result))
    } else {
        // Here, since what lands may raise nothing by itself.
        #[cfg(feature = "std")]
        // SAFETY: `landed` has left it.
        super::foreign::hand_on(unsafe { data.foreign });
        Err(())
    }
}

#[inline]
fn call<R, F: FnOnce() -> R>(place: *mut u8) {
    // SAFETY: the `Data` of `catch`, which nobody else refers to meanwhile.
    let data = unsafe { &mut *place.cast::<Data<F, R>>() };
    // SAFETY: the closure is still there, and is taken once.
    let f = unsafe { ManuallyDrop::take(&mut data.f) };
    data.result = ManuallyDrop::new(f());
}

/// What was raised has come to its end.
#[cold]
fn landed(place: *mut u8, exception: *mut u8) {
    #[cfg(feature = "std")]
    {
        // SAFETY: what a landing pad was given.
        let foreign = unsafe { super::foreign::is_foreign(exception) };
        let told = if foreign {
            exception
        } else {
            core::ptr::null_mut()
        };
        // SAFETY: the place of a `Data`, which has no closure any more and, at its start, room for a pointer.
        unsafe { place.cast::<*mut u8>().write(told) };
        if foreign {
            return;
        }
    }
    #[cfg(not(feature = "std"))]
    let _ = place;
    // SAFETY: ours: a slot, which is static.
    let slot = unsafe { &*exception.cast::<ExceptionSlot>() };
    slot.release();
}
