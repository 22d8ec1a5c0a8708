#![doc = include_str!("../README.md")]
//!
//! # Map
//!
//! | item | concept | features |
//! |---|---|---|
//! | [`catch`] | runs a closure; a panic inside ends there | all |
//! | [`raise`], [`resume`] | unwind to the nearest `catch`; pass on a panic that a `catch` has stopped | all |
//! | [`Payload`] | the payload of a contained panic | all |
//! | [`is_unwinding`], [`RUNS_DESTRUCTORS`] | whether the thread unwinds now; whether destructors run | all |
//! | [`begin_panic`], [`may_unwind`] | for a program's panic handler | `dwarf` or `jump`, without `std` |
//! | [`set_thread_state!`], [`dwarf::ThreadState`] | the kernel's side of the backend `dwarf` | `dwarf` |
//! | [`set_jump_host!`], [`jump::JumpHost`], [`jump::Anchor`] | the program's side of the backend `jump` | `jump` |
//! | [`UnwindFailed`] | why a panic could not be delivered | `dwarf` or `jump` |
//! | [`cut`](mod@cut) | gives up the frames of an interrupted thread | `tables`, x86_64 |
//! | [`tables`], [`Backtrace`] | registered unwind tables; the calls that are active | `tables`, x86_64 |
//!
//! Whatever the features of a build, its docs have all items of this table except those of the last row, and at least
//! the types of `cut`. If the build leaves an item out, the item's page says so.
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
// Needed for the intrinsic that makes a boundary without a cost, and for the personality function that the tables
// name.
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

// Every build of the docs includes these, whichever features it has, because an adopter reads about them.
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

// The module itself needs an unstable compiler, so other builds document only those of its items that a kernel names.
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
