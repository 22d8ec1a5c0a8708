//! Containing a panic, without std: one API, and a backend that the final binary chooses.
//!
//! | feature | backend | for |
//! |---|---|---|
//! | `std` | the standard library's unwinder | hosted programs, tests, benches |
//! | `dwarf` | unwind tables, no allocation, the `unwinding` crate | kernels |
//! | none | a panic is not contained | libraries; the final binary must choose |
#![no_std]
// The only unstable feature of this crate's own; `unwinding` needs others.
#![cfg_attr(
    all(feature = "dwarf", not(feature = "std")),
    feature(panic_can_unwind)
)]

#[cfg(feature = "std")]
#[path = "std.rs"]
mod backend;

#[cfg(all(feature = "dwarf", not(feature = "std")))]
#[path = "dwarf/mod.rs"]
mod backend;

#[cfg(not(any(feature = "std", feature = "dwarf")))]
#[path = "none.rs"]
mod backend;

pub use backend::{Payload, catch, is_unwinding, raise};

#[cfg(all(feature = "dwarf", not(feature = "std")))]
pub use backend::{ThreadState, UnwindFailed, backtrace, begin_panic, may_unwind};
