//! Interfaces as data.

use super::TypeDescriptor;
use core::any::TypeId;
use core::fmt;

/// The most interfaces that may be reachable by links from an interface that is compared or encoded.
pub const MAX_INTERFACES: usize = 64;

/// An interface as data. Two interfaces are equal only if they have the same name and the same methods, with arguments
/// and results of equal types, and if the same holds for all interfaces that they mention.
#[derive(Clone, Copy)]
pub struct InterfaceDescriptor {
    /// The trait's name.
    pub name: &'static str,
    /// The generic arguments of the trait.
    pub parameters: &'static [TypeDescriptor],
    /// The interfaces that it extends, in the order of declaration.
    pub supertraits: &'static [InterfaceLink],
    /// Its methods, in the order of declaration.
    pub methods: &'static [MethodDescriptor],
}

/// A method as data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MethodDescriptor {
    /// The method's name.
    pub name: &'static str,
    /// Whether and how a shadow repeats it.
    pub repeat: Repeat,
    /// Its arguments, in order.
    pub arguments: &'static [ArgumentDescriptor],
    /// Its result.
    pub result: TypeDescriptor,
}

/// Whether and how a shadow repeats a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Repeat {
    /// Never.
    Never = 0,
    /// `#[idempotent]`: repeats a call that was cut short.
    Idempotent = 1,
    /// `#[replay]`: also repeats all its calls after every restart.
    Replay = 2,
}

/// An argument as data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArgumentDescriptor {
    /// Whether it is lent for the call. Otherwise it moves.
    pub lent: bool,
    /// Its type.
    pub ty: TypeDescriptor,
}

/// A link to an interface that another one mentions. A function returns the description on demand, because interfaces
/// may mention each other and themselves.
#[derive(Clone, Copy)]
pub struct InterfaceLink(pub fn() -> Interfaced);

/// The description of an interface, and its identity *in this image*, by which cycles are found. An identity is never
/// compared with one of another image, and is not encoded.
#[derive(Clone, Copy)]
pub struct Interfaced {
    /// The type identity of `dyn Trait` in this image.
    pub identity: TypeId,
    /// The description.
    pub descriptor: InterfaceDescriptor,
}

/// More than [`MAX_INTERFACES`] interfaces mention each other. Split them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyInterfaces;

impl fmt::Display for TooManyInterfaces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "more than {MAX_INTERFACES} interfaces mention each other; split them"
        )
    }
}

impl core::error::Error for TooManyInterfaces {}

impl fmt::Debug for InterfaceDescriptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The output leaves out the supertraits, because a link may lead back to this interface.
        f.debug_struct("InterfaceDescriptor")
            .field("name", &self.name)
            .field("parameters", &self.parameters)
            .field("methods", &self.methods)
            .finish_non_exhaustive()
    }
}
