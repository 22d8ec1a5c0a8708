//! The head of an exception.

/// The class of our exceptions, which distinguishes them from foreign ones: the first word of each.
pub(super) const CLASS: u64 = u64::from_ne_bytes(*b"SAMARA\0\0");

/// The head of an exception, in the format that all unwinders share.
#[derive(Debug)]
#[repr(C)]
pub(in crate::dwarf) struct Object {
    class: u64,
    /// The function that deletes the exception: none.
    cleanup: usize,
}

impl Object {
    pub(in crate::dwarf) const fn new() -> Self {
        Self {
            class: CLASS,
            cleanup: 0,
        }
    }
}
