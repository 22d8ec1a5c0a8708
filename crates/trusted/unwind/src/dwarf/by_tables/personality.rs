//! The personality function that compiled code names in its tables. This crate's unwinder never calls it.

use core::ffi::{c_int, c_void};

/// The result that tells a foreign unwinder that it cannot use these tables.
const FATAL: c_int = 3;

#[lang = "eh_personality"]
extern "C" fn rust_eh_personality(
    _version: c_int,
    _actions: c_int,
    _class: u64,
    _exception: *mut c_void,
    _context: *mut c_void,
) -> c_int {
    FATAL
}
