//! The owners of objects.

use core::fmt;

/// The number of owners: the host and every domain slot of the runtime. 256 (feature `small`: 16).
pub const MAX_OWNERS: usize = if cfg!(samara_model) {
    4
} else if cfg!(feature = "small") {
    16
} else {
    256
};

/// The owner of an object: the host, or the domain that occupies a slot of the runtime.
///
/// An owner names a *slot*, not a generation. Everything that a generation owns is released before its slot is used
/// again, so the slot alone is unambiguous.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct Owner(u32);

impl Owner {
    /// The host itself: code that runs outside of every domain, and trusted code that acts for the host.
    pub const HOST: Self = Self(0);

    /// Returns the owner of domain slot `index`, or `None` if that is not below [`MAX_OWNERS`]. Slot 0 is the host.
    #[must_use]
    pub const fn from_index(index: usize) -> Option<Self> {
        if index < MAX_OWNERS {
            Some(Self(index as u32))
        } else {
            None
        }
    }

    /// Returns the index of the slot, below [`MAX_OWNERS`].
    #[inline]
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// Whether this is the host.
    #[inline]
    #[must_use]
    pub const fn is_host(self) -> bool {
        self.0 == 0
    }

    #[inline]
    pub(crate) const fn word(self) -> u32 {
        self.0
    }
}

impl fmt::Debug for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_host() {
            f.write_str("host")
        } else {
            write!(f, "domain#{}", self.0)
        }
    }
}
