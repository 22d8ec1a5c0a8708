//! Interfaces as types and as data.

use core::any::TypeId;
use core::ptr::NonNull;
use samara_rref::descriptor::interface::{InterfaceLink, Interfaced};
pub use samara_rref::{InterfaceDescriptor, MethodDescriptor};

/// A trait object type that may be called across domains: `dyn Trait` of an `#[interface]` trait.
///
/// # Safety
/// Implemented by `#[interface]` for `dyn Trait` only: a pointer to it is two words wide, and every
/// argument and result of its methods may cross. [`Tag`](Self::Tag) is made for this trait alone.
// `MayImplement` is a bound here too: the bound in generated code names it by a path under which a crate can put a
// trait of its own.
pub unsafe trait Interface:
    Send + Sync + 'static + MayImplement<<Self as Interface>::Tag>
{
    /// Tells the trait from all others in [`MayImplement`].
    type Tag;
    /// The trait's name.
    const NAME: &'static str;
    /// The interface as data.
    const DESCRIPTOR: InterfaceDescriptor;
    /// How other interfaces refer to this one.
    const LINK: InterfaceLink = InterfaceLink(describe::<Self>);
}

fn describe<I: ?Sized + Interface>() -> Interfaced {
    Interfaced {
        identity: TypeId::of::<I>(),
        descriptor: I::DESCRIPTOR,
    }
}

/// Says that a type may implement the trait of one interface, which `Tag` names: every sized type may, and `dyn
/// Trait` may for its own trait and those that it extends. The trait object of an unrelated interface may not: if it
/// did, a call through a proxy would run that implementation as the callee, although it is the caller's code.
///
/// # Safety
/// Not for implementation by hand.
#[diagnostic::on_unimplemented(
    message = "an interface is implemented by sized types only, not by `{Self}`",
    note = "a trait object implements its own interface and those that it extends"
)]
pub unsafe trait MayImplement<Tag> {}
// SAFETY: sized types stand for themselves.
unsafe impl<T, Tag> MayImplement<Tag> for T {}

/// `dyn Trait: Implements<T>` for every `T: Trait`: how the concrete value that `init` returns
/// becomes the interface.
///
/// # Safety
/// `unsize` returns the same address.
#[diagnostic::on_unimplemented(
    message = "`{T}` does not implement the interface `{Self}`",
    note = "`init` returns a value that implements the interface that the domain exports"
)]
pub unsafe trait Implements<T>: Interface {
    /// Returns the same object as the interface.
    fn unsize(object: NonNull<T>) -> NonNull<Self>;
}
