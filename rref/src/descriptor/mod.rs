//! Types and interfaces as data: names and layouts, and nothing that depends on the address at which an image is
//! loaded.
//!
//! | module | concept |
//! |---|---|
//! | [`interface`] | traits and methods as data, and links between them |
//! | `equality` | full comparison of graphs with cycles |
//! | `text` | texts that a function writes, and that are never stored |
//! | [`encode`] | one canonical sequence of bytes, for images and fingerprints |

pub mod encode;
mod equality;
pub mod interface;
mod text;
// The derive finds this crate by its package name, which differs in the loom tests.
#[cfg(all(test, not(samara_model)))]
mod tests;

use core::fmt;

pub use text::WriteText;

/// The name, layout and parts of an exchangeable type. Two descriptors are equal only if all of that is equal, down to
/// the last part; no part is replaced by a hash.
#[derive(Clone, Copy)]
pub struct TypeDescriptor {
    /// The type's name as it is declared, without generic arguments, which show in the type's parts.
    pub name: &'static str,
    /// Size in bytes.
    pub size: usize,
    /// Alignment in bytes.
    pub align: usize,
    /// The parts of the type.
    pub shape: Shape,
}

/// The parts of a type.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Shape {
    /// No parts: name, size and alignment describe the type completely.
    Plain,
    /// Fields that all exist at once: structs and tuples.
    Struct(&'static [Field]),
    /// One of several variants.
    Enum {
        /// The content of `#[repr]`; empty for Rust's own layout.
        repr: &'static str,
        /// In the order of declaration.
        variants: &'static [Variant],
    },
    /// `len` elements in a row.
    Array {
        /// The type of each element.
        element: &'static TypeDescriptor,
        /// The number of elements.
        len: usize,
    },
    /// A sequence of elements; the pointer to them carries their number.
    Slice(&'static TypeDescriptor),
    /// An owning pointer to a value of the type.
    Pointer(&'static TypeDescriptor),
    /// A handle to an interface: a proxy or a shadow.
    Handle(interface::InterfaceLink),
    /// A capability, with a text that describes all that its holder can reach. The capability's name would not be
    /// enough, because safe code may give the same name to another type.
    Capability(WriteText),
}

/// A part of a type.
#[derive(Clone, Copy)]
pub struct Field {
    /// Its name, or its position in a tuple.
    pub name: &'static str,
    /// Its offset from the start in bytes. `None` in an enum, where stable Rust does not provide it.
    pub offset: Option<usize>,
    /// Its type.
    pub ty: &'static TypeDescriptor,
}

/// One variant of an enum.
#[derive(Clone, Copy)]
pub struct Variant {
    /// Its name.
    pub name: &'static str,
    /// The value of its discriminant.
    pub discriminant: i128,
    /// Its fields.
    pub fields: &'static [Field],
}

impl TypeDescriptor {
    /// Describes a `T` without parts, under the name `name`.
    #[must_use]
    pub const fn of<T>(name: &'static str) -> Self {
        Self::shaped::<T>(name, Shape::Plain)
    }

    /// Describes a `T` with the given parts, under the name `name`.
    #[must_use]
    pub const fn shaped<T>(name: &'static str, shape: Shape) -> Self {
        Self {
            name,
            size: size_of::<T>(),
            align: align_of::<T>(),
            shape,
        }
    }

    /// Describes the slice type `name` with elements of the type `element`. Its size is given as 0, because only the
    /// pointer to a slice has its length.
    #[must_use]
    pub const fn slice(name: &'static str, element: &'static Self) -> Self {
        Self {
            name,
            size: 0,
            align: element.align,
            shape: Shape::Slice(element),
        }
    }

    /// Returns the type's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the size in bytes.
    #[must_use]
    pub const fn size(&self) -> usize {
        self.size
    }

    /// Returns the alignment in bytes.
    #[must_use]
    pub const fn align(&self) -> usize {
        self.align
    }
}

impl fmt::Debug for TypeDescriptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}/{}", self.name, self.size, self.align)
    }
}
