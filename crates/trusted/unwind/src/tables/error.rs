//! Errors of the unwind tables.

use core::fmt;

/// Why a frame has no usable rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TableError {
    /// No known image, or no entry of its image, covers the address.
    NoEntry,
    /// The table contradicts itself or ends too early.
    Damaged,
    /// The table is in a form that is not supported: a DWARF expression, an unusual encoding.
    Unsupported,
    /// The rules lead outside the stack.
    OutOfStack,
}

impl fmt::Display for TableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoEntry => "no unwind table covers the address; register its image",
            Self::Damaged => "the unwind table is damaged",
            Self::Unsupported => "the unwind table has a form that is not supported",
            Self::OutOfStack => "the unwind table leads outside the stack",
        })
    }
}

impl core::error::Error for TableError {}
