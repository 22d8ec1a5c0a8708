//! Types and interfaces as data: names, layouts and nothing that depends on where an image lies.
//!
//! | module | concept |
//! |---|---|
//! | [`interface`] | traits and methods as data, and links between them |
//! | `equality` | comparison in full, of graphs with cycles |
//! | `text` | texts that are written, not kept |
//! | [`encode`] | one canonical sequence of bytes, for images and fingerprints |

pub mod encode;
mod equality;
pub mod interface;
mod text;
// The derive finds this crate by its package name, which is another one in the models.
#[cfg(all(test, not(samara_model)))]
mod tests;

use core::fmt;

pub use text::WriteText;

/// Name, layout and parts of an exchangeable type. Two of them are equal only if all of that is, as
/// deep as it goes: no hash stands for a part.
#[derive(Clone, Copy)]
pub struct TypeDescriptor {
    /// The type's name as written where it is declared, without its arguments: those are its parts.
    pub name: &'static str,
    /// Size in bytes.
    pub size: usize,
    /// Alignment in bytes.
    pub align: usize,
    /// What it is made of.
    pub shape: Shape,
}

/// What a type is made of.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Shape {
    /// Nothing further: name, size and alignment say it all.
    Plain,
    /// All fields are there at once: structs and tuples.
    Struct(&'static [Field]),
    /// One of several.
    Enum {
        /// What `#[repr]` says of its layout; empty for Rust's own.
        repr: &'static str,
        /// In the order of declaration.
        variants: &'static [Variant],
    },
    /// `len` elements in a row.
    Array {
        /// What each is.
        element: &'static TypeDescriptor,
        /// How many.
        len: usize,
    },
    /// As many elements in a row as the pointer to them says.
    Slice(&'static TypeDescriptor),
    /// An owning pointer to one.
    Pointer(&'static TypeDescriptor),
    /// A handle on an interface: a proxy, a shadow.
    Handle(interface::InterfaceLink),
    /// A capability: what its holder can reach is this text. Not a name, which safe code may give to another type, too.
    Capability(WriteText),
}

/// A part of a type.
#[derive(Clone, Copy)]
pub struct Field {
    /// Its name; its position in a tuple.
    pub name: &'static str,
    /// Bytes from the start. `None` in an enum: stable Rust does not tell.
    pub offset: Option<usize>,
    /// What it is.
    pub ty: &'static TypeDescriptor,
}

/// One alternative of an enum.
#[derive(Clone, Copy)]
pub struct Variant {
    /// Its name.
    pub name: &'static str,
    /// Its discriminant's value.
    pub discriminant: i128,
    /// What it holds.
    pub fields: &'static [Field],
}

impl TypeDescriptor {
    /// Describes a `T` without parts, under the name `name`.
    #[must_use]
    pub const fn of<T>(name: &'static str) -> Self {
        Self::shaped::<T>(name, Shape::Plain)
    }

    /// Describes a `T` of the given parts, under the name `name`.
    #[must_use]
    pub const fn shaped<T>(name: &'static str, shape: Shape) -> Self {
        Self {
            name,
            size: size_of::<T>(),
            align: align_of::<T>(),
            shape,
        }
    }

    /// The slice type called `name` of elements `element`: its size is its pointer's to tell.
    #[must_use]
    pub const fn slice(name: &'static str, element: &'static Self) -> Self {
        Self {
            name,
            size: 0,
            align: element.align,
            shape: Shape::Slice(element),
        }
    }

    /// The type's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Size in bytes.
    #[must_use]
    pub const fn size(&self) -> usize {
        self.size
    }

    /// Alignment in bytes.
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
