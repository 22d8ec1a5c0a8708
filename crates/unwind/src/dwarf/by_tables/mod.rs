//! Raising by this crate's own reader of unwind tables (x86_64).
//!
//! Two passes, as the Itanium C++ ABI has them, so that nothing was destroyed where nobody catches: the
//! first looks for who does, the second goes from landing pad to landing pad. A clean-up ends in
//! [`_Unwind_Resume`](resume), which goes on with the second pass. Personality functions are not
//! asked: all code's is Rust's, and the walk reads the language-specific data itself. What was read is
//! remembered ([`tables`](crate::tables)), so that a frame costs some tens of nanoseconds.

#![expect(unsafe_code, reason = "unwinds")]

mod backtrace;
mod capture;
mod catch;
#[cfg(feature = "std")]
mod foreign;
#[cfg(not(feature = "std"))]
mod personality;
mod resume;
mod walk;

use super::exception::ExceptionSlot;
use crate::UnwindFailed;
use capture::capture;

pub use backtrace::backtrace;
pub(super) use catch::catch;

/// What tells our exceptions from others', in the first word of each.
const CLASS: u64 = u64::from_ne_bytes(*b"SAMARA\0\0");

/// The head of an exception, as foreign unwinders know it.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Object {
    class: u64,
    /// What to call to have it deleted: nothing.
    cleanup: usize,
}

impl Object {
    pub(super) const fn new() -> Self {
        Self {
            class: CLASS,
            cleanup: 0,
        }
    }
}

/// Raises the claimed exception. Returns only if it cannot be delivered; then no destructor has run.
pub(super) fn begin(exception: &'static ExceptionSlot) -> UnwindFailed {
    // SAFETY: a claimed slot, in a call of the running thread.
    match unsafe { capture(walk::search_and_land, exception) } {
        walk::NO_BOUNDARY => UnwindFailed::NoBoundary,
        _ => UnwindFailed::Blocked,
    }
}
