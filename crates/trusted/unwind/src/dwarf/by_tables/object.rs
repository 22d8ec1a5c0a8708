//! The head of an exception.

/// What tells our exceptions from others', in the first word of each.
pub(super) const CLASS: u64 = u64::from_ne_bytes(*b"SAMARA\0\0");

/// The head of an exception, as foreign unwinders know it.
#[derive(Debug)]
#[repr(C)]
pub(in crate::dwarf) struct Object {
    class: u64,
    /// What to call to have it deleted: nothing.
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
