//! Types as data: what an interface says of its arguments.

use core::fmt;

/// Name and layout of an exchangeable type, comparable also between separately linked images.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TypeDescriptor {
    name: &'static str,
    size: usize,
    align: usize,
}

impl TypeDescriptor {
    /// Describes `T` under the name `name`.
    #[must_use]
    pub const fn of<T>(name: &'static str) -> Self {
        Self {
            name,
            size: size_of::<T>(),
            align: align_of::<T>(),
        }
    }

    /// The type's name as written where it is declared.
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
