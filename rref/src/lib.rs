//! `RRef<T>`: an owned, movable, zero-copy reference to an object of the exchange heap.
//!
//! An [`RRef`] crosses a domain boundary by move (its owner word changes, its bytes do not) or is
//! lent for the length of a call as `&RRef<T>`. What may be inside is [`Exchangeable`].
#![no_std]
#![expect(
    unsafe_code,
    reason = "RRef turns slots of the exchange heap into typed, owned values"
)]

extern crate self as samara_rref;

mod descriptor;
mod exchangeable;
mod impls;
mod rref;
mod slice;

pub use descriptor::TypeDescriptor;
pub use exchangeable::{Exchangeable, Lend, Scratch, Transfer};
pub use rref::{RRef, Target};
pub use samara_rref_derive::Exchangeable;
pub use samara_shared_heap::{AllocError, Cap, Capability, Owner};

/// Support for generated code. Not for use by hand.
///
/// What is checked here is checked again without these names, since a crate can take the name of this
/// one for itself. A type that owns something and has a destructor of its own:
///
/// ```compile_fail,E0509
/// extern crate self as samara_rref;
/// mod genuine {
///     extern crate samara_rref as it;
///     pub use it::{__private as support, Exchangeable, RRef};
/// }
/// pub mod __private {
///     pub use crate::genuine::support::{Exchangeable, Transfer, TypeDescriptor, max_depth};
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
/// And one that owns nothing:
///
/// ```compile_fail,E0080
/// extern crate self as samara_rref;
/// mod genuine {
///     extern crate samara_rref as it;
///     pub use it::{__private as support, Exchangeable, RRef};
/// }
/// pub mod __private {
///     pub use crate::genuine::support::{Exchangeable, Transfer, TypeDescriptor, max_depth};
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
    pub use crate::TypeDescriptor;
    pub use crate::exchangeable::{Exchangeable, Transfer, assert_exchangeable, max_depth};
    // By this path: a crate may call something else `core`.
    pub use core::ops::Drop;
}
