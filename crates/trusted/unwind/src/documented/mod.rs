//! Stands in the docs for items that the features of a build leave out. Compiled by rustdoc only, so no body ever runs.

use crate::UnwindFailed;
use core::panic::PanicInfo;

/// Delivers a panic that the program's panic handler has recorded to the nearest [`catch`](crate::catch).
///
/// **Features `dwarf` and `jump`, without `std`.** These docs were built with another set of features. With `dwarf` it
/// unwinds, with `jump` ([`jump::begin_panic`](crate::jump::begin_panic)) it cuts.
///
/// Returns only if the panic cannot be delivered: the handler must then stop the program.
#[must_use = "it returns only on failure"]
pub fn begin_panic() -> UnwindFailed {
    loop {}
}

/// Whether this panic may be contained.
///
/// **Features `dwarf` and `jump`, without `std`.** These docs were built with another set of features. With `dwarf` it
/// is false for a panic in code compiled to never unwind, such as a destructor that an earlier panic runs, an
/// `extern "C"` function, or `alloc`'s report of exhausted memory. With `jump` it is always true.
#[must_use]
pub fn may_unwind(_: &PanicInfo<'_>) -> bool {
    loop {}
}
