//! Exceptions of the other unwinder, in a program with `std`. Only tests and measurements are such programs.

extern crate std;

use core::ffi::{CStr, c_char, c_int, c_void};
use core::sync::atomic::{AtomicPtr, Ordering::Relaxed};

use super::object::CLASS;

/// The next definition of `_Unwind_Resume` after ours; null until [`find`] has looked for it.
pub(super) static NEXT: AtomicPtr<c_void> = AtomicPtr::new(core::ptr::null_mut());

/// `RTLD_NEXT`: the next definition after the one in this program.
const AFTER_OURS: *mut c_void = core::ptr::without_provenance_mut(usize::MAX);

unsafe extern "C" {
    fn dlsym(library: *mut c_void, name: *const c_char) -> *mut c_void;
}

unsafe extern "C-unwind" {
    fn _Unwind_RaiseException(exception: *mut u8) -> c_int;
}

/// Looks up [`NEXT`], stores it and returns it. Aborts the process if there is none.
pub(super) extern "C" fn find() -> *mut c_void {
    const NAME: &CStr = c"_Unwind_Resume";
    // SAFETY: looks up a C string by a handle that the dynamic linker defines.
    let next = unsafe { dlsym(AFTER_OURS, NAME.as_ptr()) };
    if next.is_null() {
        std::process::abort();
    }
    NEXT.store(next, Relaxed);
    next
}

/// Whether `exception` belongs to another unwinder.
///
/// # Safety
/// A landing pad was given `exception`.
pub(super) unsafe fn is_foreign(exception: *mut u8) -> bool {
    // SAFETY: every exception begins with its class.
    unsafe { exception.cast::<u64>().read() != CLASS }
}

/// Raises a [foreign](is_foreign) exception again, because a boundary of this backend must not stop it. Does nothing
/// for null.
pub(super) fn hand_on(foreign: *mut u8) {
    if foreign.is_null() {
        return;
    }
    // SAFETY: the exception was caught, and nothing else uses it now.
    unsafe { _Unwind_RaiseException(foreign) };
    std::process::abort();
}
