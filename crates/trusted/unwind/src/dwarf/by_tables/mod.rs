//! Raising by this crate's own reader of unwind tables (x86_64).
//!
//! There are two passes, as in the Itanium C++ ABI: the first looks for the frame that catches, the second goes from
//! landing pad to landing pad. So no destructor has run if no frame catches. A clean-up ends in
//! [`_Unwind_Resume`](resume), which continues the second pass. Personality functions are not called: all code has
//! Rust's, and the walk reads the language-specific data itself. The rules that were read are remembered
//! ([`tables`](crate::tables)), so that a frame costs some tens of nanoseconds.

#![expect(unsafe_code, reason = "unwinds")]

mod backtrace;
mod capture;
mod catch;
#[cfg(feature = "std")]
mod foreign;
mod object;
#[cfg(not(feature = "std"))]
mod personality;
mod resume;
mod walk;

use super::exception::ExceptionSlot;
use crate::UnwindFailed;
use capture::capture;

pub use backtrace::backtrace;
pub(super) use catch::catch;
pub(super) use object::Object;

/// Raises the claimed exception. Returns only if it cannot be delivered; then no destructor has run.
pub(super) fn begin(exception: &'static ExceptionSlot) -> UnwindFailed {
    // SAFETY: the slot is claimed, and this is a call of the running thread.
    match unsafe { capture(walk::search_and_land, exception) } {
        walk::NO_BOUNDARY => UnwindFailed::NoBoundary,
        _ => UnwindFailed::Blocked,
    }
}
