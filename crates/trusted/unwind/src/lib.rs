//! Containment of panics without `std`: one API, and a backend that the final binary chooses.
//!
//! | feature | backend | for |
//! |---|---|---|
//! | `std` | the standard library's unwinder | hosted programs, tests, benches |
//! | `dwarf` | unwind tables, no allocation | kernels |
//! | `jump` | a register boundary: no tables, no destructors, `panic = "abort"` | small targets; any on stable Rust |
//! | none | a panic is not contained | libraries; the final binary must choose |
//!
//! Cargo unifies features, so more than one may be on: `std` takes precedence over `dwarf`, and `dwarf` over `jump`.
//! The modules `dwarf` (x86_64) and `jump` stay reachable for measurements and tests.
//!
//! # How a program adopts a backend
//!
//! **`std`**: enable the feature, and build with `panic = "unwind"`.
//!
//! **`dwarf`**: call [`set_thread_state!`], end the panic handler in [`begin_panic`], and build with `panic = "unwind"`
//! and `RUSTC_BOOTSTRAP=samara_unwind`. Pass `--eh-frame-hdr` to the linker, with these lines in its script:
//!
//! ```text
//! .eh_frame_hdr : { __eh_frame_hdr_start = .; KEEP(*(.eh_frame_hdr)) __eh_frame_hdr_end = .; }
//! .eh_frame : { __eh_frame_start = .; KEEP(*(.eh_frame .eh_frame.*)) __eh_frame_end = .; }
//! .gcc_except_table : { __except_table_start = .; KEEP(*(.gcc_except_table .gcc_except_table.*)) __except_table_end = .; }
//! ```
//!
//! The tables lie in memory that is mapped readable. Before its first panic, and before its first domain starts, the
//! kernel makes a `tables::Image` of these symbols and the bounds of its code, and registers it. A check of the build
//! that all code has a table is worth having, because a panic or a cut stops at the first frame without one.
//!
//! On other architectures than x86_64 nothing is registered. There the `unwinding` crate reads the tables
//! (`RUSTC_BOOTSTRAP=samara_unwind,unwinding`). It finds them by the symbols `__executable_start` before the first byte
//! of code, `__etext` behind the last, and `__GNU_EH_FRAME_HDR` where `.eh_frame_hdr` begins.
//!
//! **`jump`**: call [`set_jump_host!`], end the panic handler in [`begin_panic`], and build with `panic = "abort"`. The
//! linker needs no options, and may drop all tables (`/DISCARD/ : { *(.eh_frame*) }`).
//!
//! [`set_thread_state!`]: https://docs.rs/samara-unwind/latest/samara_unwind/macro.set_thread_state.html
//! [`set_jump_host!`]: https://docs.rs/samara-unwind/latest/samara_unwind/macro.set_jump_host.html
//! [`begin_panic`]: https://docs.rs/samara-unwind/latest/samara_unwind/fn.begin_panic.html
#![no_std]
#![cfg_attr(feature = "dwarf", feature(panic_can_unwind))]
// For the intrinsic that makes a boundary without a cost, and for the personality function that the tables name.
#![cfg_attr(all(feature = "dwarf", samara_tables), feature(core_intrinsics))]
#![cfg_attr(
    all(feature = "dwarf", samara_tables, not(feature = "std")),
    feature(lang_items)
)]
#![cfg_attr(
    all(feature = "dwarf", samara_tables),
    expect(internal_features, reason = "there is no other way to make them")
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
mod primitive;

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

#[cfg(all(feature = "dwarf", any(samara_tables, not(feature = "std"))))]
pub mod dwarf;

#[cfg(all(feature = "dwarf", not(feature = "std")))]
use dwarf as backend;

#[cfg(all(feature = "jump", not(any(feature = "std", feature = "dwarf"))))]
use jump as backend;

#[cfg(not(any(feature = "std", feature = "dwarf", feature = "jump")))]
#[path = "none.rs"]
mod backend;

pub use backend::{Payload, RUNS_DESTRUCTORS, catch, is_unwinding, raise, resume};

#[cfg(any(feature = "dwarf", feature = "jump"))]
pub use error::UnwindFailed;

#[cfg(all(any(feature = "dwarf", feature = "jump"), not(feature = "std")))]
pub use backend::{begin_panic, may_unwind};

#[cfg(all(feature = "dwarf", not(feature = "std")))]
pub use backend::{ThreadState, backtrace};
