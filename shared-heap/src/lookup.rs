//! The result of looking up an address.

use crate::owner::Owner;

/// A live object that was found by an address in its slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// The address at which its slot begins.
    pub start: usize,
    /// The size of its slot in bytes.
    pub bytes: usize,
    /// Its owner.
    pub owner: Owner,
}
