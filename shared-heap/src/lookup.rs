//! What stands at an address.

use crate::owner::Owner;

/// An object, found by an address in its slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// Where its slot begins.
    pub start: usize,
    /// Bytes of its slot.
    pub bytes: usize,
    /// Whose it is.
    pub owner: Owner,
}
