#![doc = include_str!("../README.md")]
//!
//! # Map
//!
//! | item | concept | features |
//! |---|---|---|
//! | [`catch`] | runs a closure; a panic inside ends there | all |
//! | [`raise`], [`resume`] | unwind to the nearest `catch`; pass on what one has stopped | all |
//! | [`Payload`] | what a contained panic carried | all |
//! | [`is_unwinding`], [`RUNS_DESTRUCTORS`] | whether the thread unwinds now; whether destructors run | all |
//! | [`begin_panic`], [`may_unwind`] | what a program's panic handler calls | `dwarf` or `jump`, without `std` |
//! | [`set_thread_state!`], [`dwarf::ThreadState`] | what a kernel binds for the backend `dwarf` | `dwarf` |
//! | [`set_jump_host!`], [`jump::JumpHost`], [`jump::Anchor`] | what a program binds for the backend `jump` | `jump` |
//! | [`UnwindFailed`] | why a panic could not be delivered | `dwarf` or `jump` |
//! | [`cut`](mod@cut) | gives up the frames of an interrupted thread | `tables`, x86_64 |
//! | [`tables`], [`Backtrace`] | registered unwind tables; the calls that are active | `tables`, x86_64 |
//!
//! The docs show all rows but the last in every set of features, and of `cut` at least the types. An item that this
//! build leaves out says so on its page.
//!
//! The words *cut*, *boundary*, *landing pad*, *domain* and others are explained in the
//! [glossary](https://github.com/samara-rs/samara/blob/main/docs/glossary.md).
//!
#![cfg_attr(
    not(samara_tables),
    doc = "[`tables`]: crate#backends",
    doc = "[`Backtrace`]: crate#backends"
)]
#![doc(html_root_url = "https://docs.rs/samara-unwind/latest")]
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

#[cfg(any(doc, feature = "dwarf", feature = "jump"))]
mod error;

// An adopter reads about these in every build of the docs, whichever features it has.
#[cfg(any(doc, feature = "dwarf"))]
mod bind_thread_state;
#[cfg(doc)]
mod documented;

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

#[cfg(any(doc, feature = "jump"))]
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

// The module itself needs an unstable compiler, so other builds document what a kernel names of it.
#[cfg(all(
    doc,
    not(all(feature = "dwarf", any(samara_tables, not(feature = "std"))))
))]
#[path = "documented/dwarf.rs"]
pub mod dwarf;

#[cfg(all(feature = "dwarf", not(feature = "std")))]
use dwarf as backend;

#[cfg(all(feature = "jump", not(any(feature = "std", feature = "dwarf"))))]
use jump as backend;

#[cfg(not(any(feature = "std", feature = "dwarf", feature = "jump")))]
#[path = "none.rs"]
mod backend;

#[doc(inline)]
pub use backend::{Payload, RUNS_DESTRUCTORS, catch, is_unwinding, raise, resume};

#[cfg(any(doc, feature = "dwarf", feature = "jump"))]
pub use error::UnwindFailed;

#[cfg(all(any(feature = "dwarf", feature = "jump"), not(feature = "std")))]
#[doc(inline)]
pub use backend::{begin_panic, may_unwind};

#[cfg(all(
    doc,
    not(all(any(feature = "dwarf", feature = "jump"), not(feature = "std")))
))]
pub use documented::{begin_panic, may_unwind};

#[cfg(all(feature = "dwarf", not(feature = "std")))]
#[doc(inline)]
pub use backend::{ThreadState, backtrace};
