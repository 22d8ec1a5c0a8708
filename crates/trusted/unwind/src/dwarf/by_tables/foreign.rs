//! In a program with `std`, which its tests and measurements are: exceptions of the other unwinder's.

extern crate std;

use core::ffi::{CStr, c_char, c_int, c_void};
use core::sync::atomic::{AtomicPtr, Ordering::Relaxed};

use super::object::CLASS;

/// The `_Unwind_Resume` that is defined after ours; null until it was looked for.
pub(super) static NEXT: AtomicPtr<c_void> = AtomicPtr::new(core::ptr::null_mut());

/// "The next definition after this program's": `RTLD_NEXT`.
const AFTER_OURS: *mut c_void = core::ptr::without_provenance_mut(usize::MAX);

unsafe extern "C" {
    fn dlsym(library: *mut c_void, name: *const c_char) -> *mut c_void;
}

unsafe extern "C-unwind" {
    fn _Unwind_RaiseException(exception: *mut u8) -> c_int;
}

/// Looks for [`NEXT`].
pub(super) extern "C" fn find() -> *mut c_void {
    const NAME: &CStr = c"_Unwind_Resume";
    // SAFETY: a name, looked up in what is loaded behind this program.
    let next = unsafe { dlsym(AFTER_OURS, NAME.as_ptr()) };
    if next.is_null() {
        std::process::abort();
    }
    NEXT.store(next, Relaxed);
    next
}

/// Whether it is another unwinder's.
///
/// # Safety
/// `exception` is what a landing pad was given.
pub(super) unsafe fn is_foreign(exception: *mut u8) -> bool {
    // SAFETY: each exception begins with its class.
    unsafe { exception.cast::<u64>().read() != CLASS }
}

/// Raises what is [foreign](is_foreign) again, which a boundary of ours is not to stop. Nothing if null.
pub(super) fn hand_on(foreign: *mut u8) {
    if foreign.is_null() {
        return;
    }
    // SAFETY: it was caught, and is nobody's now.
    unsafe { _Unwind_RaiseException(foreign) };
    std::process::abort();
}
