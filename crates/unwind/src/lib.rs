//! Containing a panic, without std: one API, and a backend that the final binary chooses.
//!
//! | feature | backend | for |
//! |---|---|---|
//! | `std` | the standard library's unwinder | hosted programs, tests, benches |
//! | `dwarf` | unwind tables, no allocation, the `unwinding` crate | kernels |
//! | `jump` | a register boundary: no tables, no destructors, `panic = "abort"` | small targets; any on stable Rust |
//! | none | a panic is not contained | libraries; the final binary must choose |
//!
//! Features unify, so more than one may be on: `std` wins over `dwarf`, and that over `jump`, whose
//! module stays reachable for measurements and tests.
#![no_std]
// The only unstable feature of this crate's own; `unwinding` needs others.
#![cfg_attr(
    all(feature = "dwarf", not(feature = "std")),
    feature(panic_can_unwind)
)]

#[cfg(any(feature = "dwarf", feature = "jump"))]
mod error;

#[cfg_attr(
    samara_tables,
    expect(
        unsafe_code,
        reason = "reads another thread's stack and rewrites its registers"
    )
)]
pub mod cut;
#[cfg(samara_tables)]
#[expect(unsafe_code, reason = "walks a stack")]
mod frames;
#[cfg(samara_tables)]
#[expect(unsafe_code, reason = "tables of images that come and go")]
pub mod tables;

#[cfg(samara_tables)]
pub use frames::{Backtrace, Frame};

#[cfg(feature = "jump")]
#[expect(
    unsafe_code,
    reason = "saves registers and gives up frames, in assembly"
)]
pub mod jump;

#[cfg(feature = "std")]
#[path = "std.rs"]
mod backend;

#[cfg(all(feature = "dwarf", not(feature = "std")))]
#[path = "dwarf/mod.rs"]
mod backend;

#[cfg(all(feature = "jump", not(any(feature = "std", feature = "dwarf"))))]
use jump as backend;

#[cfg(not(any(feature = "std", feature = "dwarf", feature = "jump")))]
#[path = "none.rs"]
mod backend;

pub use backend::{Payload, RUNS_DESTRUCTORS, catch, is_unwinding, raise};

#[cfg(any(feature = "dwarf", feature = "jump"))]
pub use error::UnwindFailed;

#[cfg(all(any(feature = "dwarf", feature = "jump"), not(feature = "std")))]
pub use backend::{begin_panic, may_unwind};

#[cfg(all(feature = "dwarf", not(feature = "std")))]
pub use backend::{ThreadState, backtrace};
