//! `RRef<T>`: an owned, movable, zero-copy reference to an object of the exchange heap.
//!
//! | type | what |
//! |---|---|
//! | [`RRef<T>`](RRef) | one value |
//! | `RRef<[T]>`, `RRef<str>` | several, text |
//! | [`RRefDeque<T, N>`](RRefDeque) | a ring of `RRef<T>`s, handed over at once |
//!
//! An [`RRef`] crosses a domain boundary by move (its owner word changes, its bytes do not) or is
//! lent for the length of a call as `&RRef<T>`. What may be inside is [`Exchangeable`].
#![no_std]
#![expect(
    unsafe_code,
    reason = "RRef turns slots of the exchange heap into typed, owned values"
)]

extern crate self as samara_rref;

mod array;
mod deque;
mod descriptor;
mod exchangeable;
mod impls;
mod ring;
mod rref;
mod slice;
mod text;
mod traits;
mod transfer;
mod view;

pub use deque::RRefDeque;
pub use descriptor::TypeDescriptor;
pub use exchangeable::{Exchangeable, Lend, Scratch};
pub use rref::{RRef, Target};
pub use samara_rref_derive::Exchangeable;
pub use samara_shared_heap::{AllocError, Cap, Capability, Owner};
pub use transfer::{Transfer, weigh};
pub use view::ViewError;

/// Support for generated code. Not for use by hand.
#[doc(hidden)]
pub mod __private {
    pub use crate::exchangeable::{Exchangeable, assert_exchangeable, max_depth};
    pub use crate::{Transfer, TypeDescriptor};
    // By this path: a crate may call something else `core`.
    pub use core::ops::Drop;
}
