//! Interfaces as types and as data.

use core::ptr::NonNull;
use samara_rref::TypeDescriptor;

/// A trait object type that may be called across domains: `dyn Trait` of an `#[interface]` trait.
///
/// # Safety
/// Implemented by `#[interface]` for `dyn Trait` only: a pointer to it is two words wide, and every
/// argument and result of its methods may cross.
pub unsafe trait Interface: Send + Sync + 'static {
    /// The trait's name. Apart from the descriptor: a proxy is described by this alone, so that
    /// interfaces may name each other, and themselves, in their methods.
    const NAME: &'static str;
    /// The interface as data.
    const DESCRIPTOR: InterfaceDescriptor;
}

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
    /// The same object as the interface.
    fn unsize(object: NonNull<T>) -> NonNull<Self>;
}

/// An interface as data: comparable, without addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InterfaceDescriptor {
    /// The trait's name.
    pub name: &'static str,
    /// Its methods in order.
    pub methods: &'static [MethodDescriptor],
}

/// A method as data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MethodDescriptor {
    /// The method's name.
    pub name: &'static str,
    /// Its arguments, moved and lent, in order.
    pub arguments: &'static [TypeDescriptor],
    /// Its result.
    pub result: TypeDescriptor,
}
