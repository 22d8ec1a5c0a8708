//! Containing a panic, without std: one API, and a backend that the final binary chooses.
//!
//! | feature | backend | for |
//! |---|---|---|
//! | `std` | the standard library's unwinder | hosted programs, tests, benches |
//! | none | a panic is not contained | libraries; the final binary must choose |
#![no_std]

#[cfg(feature = "std")]
#[path = "std.rs"]
mod backend;

#[cfg(not(feature = "std"))]
#[path = "none.rs"]
mod backend;

pub use backend::{Payload, catch, is_unwinding, raise};
