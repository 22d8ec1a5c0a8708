//! Interfaces as data.

use super::TypeDescriptor;
use core::any::TypeId;
use core::fmt;

/// How many interfaces may be reached from one of them, itself included, to be compared or encoded.
pub const MAX_INTERFACES: usize = 64;

/// An interface as data. Equal to another only if both have the same name and methods, with arguments
/// and results of the same layout, and if so have all interfaces that they mention.
#[derive(Clone, Copy)]
pub struct InterfaceDescriptor {
    /// The trait's name.
    pub name: &'static str,
    /// The arguments of a generic trait.
    pub parameters: &'static [TypeDescriptor],
    /// The interfaces that it extends, in order.
    pub supertraits: &'static [InterfaceLink],
    /// Its methods in order.
    pub methods: &'static [MethodDescriptor],
}

/// A method as data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MethodDescriptor {
    /// The method's name.
    pub name: &'static str,
    /// Whether and how a shadow repeats it.
    pub repeat: Repeat,
    /// Its arguments in order.
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
    /// `#[idempotent]`: when a call was cut short.
    Idempotent = 1,
    /// `#[replay]`: also all its calls, after every restart.
    Replay = 2,
}

/// An argument as data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArgumentDescriptor {
    /// Whether it is lent for the call, or moves.
    pub lent: bool,
    /// What it is.
    pub ty: TypeDescriptor,
}

/// An interface that another one mentions. It is described when asked for, since interfaces may
/// mention each other and themselves.
#[derive(Clone, Copy)]
pub struct InterfaceLink(pub fn() -> Interfaced);

/// A described interface and who it is *in this image*, to find the way out of cycles. The identity is
/// never compared with another image's, nor encoded.
#[derive(Clone, Copy)]
pub struct Interfaced {
    /// `dyn Trait` in this image.
    pub identity: TypeId,
    /// The description.
    pub descriptor: InterfaceDescriptor,
}

/// More than [`MAX_INTERFACES`] interfaces hang together: split them.
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
        // Not what the links lead to: that may be this one again.
        f.debug_struct("InterfaceDescriptor")
            .field("name", &self.name)
            .field("parameters", &self.parameters)
            .field("methods", &self.methods)
            .finish_non_exhaustive()
    }
}
