#![doc = include_str!("../README.md")]
//!
//! # Map
//!
//! | type | content |
//! |---|---|
//! | [`RRef<T>`](RRef) | one value |
//! | `RRef<[T]>`, `RRef<str>` | a slice of values, text |
//! | [`RRefDeque<T, N>`](RRefDeque) | a ring of `RRef<T>`s that are handed over at once |
//! | [`Exchangeable`] | the trait of values that may be inside, and its derive macro |
//! | [`Lend`] | the trait of values that may be lent for a call |
//! | [`Scratch`] | the trait of arguments that a repeated call allocates anew |
//! | [`descriptor`] | types and interfaces as data |
//! | [`ViewError`] | the errors of typed views of bytes: [`RRef::try_into_value`], [`RRef::try_into_slice`] |
//! | [`Cap`], [`Capability`], [`Owner`], [`AllocError`] | from the heap, `samara-shared-heap` |
//!
//! The words *domain*, *owner word*, *cut*, *mint* and others are explained in the
//! [glossary](https://github.com/samara-rs/samara/blob/main/docs/glossary.md).
#![doc(html_root_url = "https://docs.rs/samara-rref/latest")]
#![no_std]
// Counts and sizes come from domains, so all arithmetic states how it handles overflow.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]
#![expect(
    unsafe_code,
    reason = "RRef turns slots of the exchange heap into typed, owned values"
)]

extern crate self as samara_rref;

mod array;
mod deque;
pub mod descriptor;
mod exchangeable;
mod impls;
mod ring;
mod rref;
mod slice;
mod text;
mod traits;
mod transfer;
mod view;

#[doc(hidden)]
pub use deque::BatchSlot;
pub use deque::RRefDeque;
pub use descriptor::TypeDescriptor;
pub use descriptor::interface::{InterfaceDescriptor, MethodDescriptor};
pub use exchangeable::{Exchangeable, Lend, MAX_DEPTH, Scratch};
pub use rref::{RRef, Target};
pub use samara_rref_derive::Exchangeable;
pub use samara_shared_heap::{AllocError, Cap, Capability, Owner};
pub use transfer::{Transfer, weigh};
pub use view::ViewError;

/// Support for generated code; not for use by hand.
///
/// A crate can give its own modules the names that generated code uses for this crate. So every check that depends on
/// such a name is made a second time without it. A type that owns something and has a destructor of its own does not
/// compile:
///
/// ```compile_fail,E0509
/// extern crate self as samara_rref;
/// mod genuine {
///     extern crate samara_rref as it;
///     pub use it::{__private as support, Exchangeable, RRef};
/// }
/// pub mod __private {
///     pub use crate::genuine::support::{Exchangeable, Transfer, TypeDescriptor};
///     pub const fn assert_exchangeable<T>() {}
///     pub trait Drop {}
/// }
/// use genuine::{Exchangeable, RRef};
///
/// #[derive(Exchangeable)]
/// struct Bomb(RRef<u64>);
/// impl Drop for Bomb {
///     fn drop(&mut self) {}
/// }
/// fn main() {}
/// # use samara_host_std as _;
/// ```
///
/// Neither does one that owns nothing:
///
/// ```compile_fail,E0080
/// extern crate self as samara_rref;
/// mod genuine {
///     extern crate samara_rref as it;
///     pub use it::{__private as support, Exchangeable, RRef};
/// }
/// pub mod __private {
///     pub use crate::genuine::support::{Exchangeable, Transfer, TypeDescriptor};
///     pub const fn assert_exchangeable<T>() {}
///     pub trait Drop {}
/// }
/// use genuine::{Exchangeable, RRef};
///
/// #[derive(Exchangeable)]
/// struct Bomb(u64);
/// impl Drop for Bomb {
///     fn drop(&mut self) {}
/// }
/// fn main() {
///     let bomb = RRef::new(Bomb(1));
/// }
/// # use samara_host_std as _;
/// ```
#[doc(hidden)]
pub mod __private {
    pub use crate::descriptor::interface::{
        ArgumentDescriptor, InterfaceDescriptor, InterfaceLink, Interfaced, MethodDescriptor,
        Repeat,
    };
    pub use crate::descriptor::{Field, Shape, Variant};
    pub use crate::exchangeable::{Exchangeable, assert_exchangeable};
    pub use crate::{Transfer, TypeDescriptor};
    // Re-exported here, because `core` may have another meaning in the user's crate.
    pub use core::any::TypeId;
    pub use core::mem::offset_of;
    pub use core::ops::Drop;
}
