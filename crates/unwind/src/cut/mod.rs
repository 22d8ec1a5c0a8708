//! Cutting: giving up a thread's frames down to a boundary, from any instruction.
//!
//! A trap handler that finds a domain at fault calls [`cut()`] with the registers of the interrupted
//! thread and the address of a record that stands in a frame just outside what is to be given up:
//! the top activation. The frames above that one are stepped over by the unwind tables; the
//! registers are rewritten so that, when the thread goes on, the frame finds that its callee raises.
//! From there on it is an ordinary unwind edge, to the [`catch`](crate::catch) around it. No
//! destructor of a frame that was given up runs.
//!
//! ```text
//!   trap: rip ─► memcpy ─► driver ─► method ─► ▓ frame with the record ▓ ─► catch ─► …
//!                └──────── given up ─────────┘   └── its callee is now `raise`
//! ```
//!
//! # What a trap handler has to keep to
//!
//! * It runs on another stack, or has left the 128 bytes below the stack pointer untouched: a table
//!   may say that a register which an epilogue has popped is found there.
//! * It does not cut where trusted code runs: it asks the runtime first.
//! * All registers of the trap frame are copied to [`Registers`], and all are written back.

#[cfg(samara_tables)]
mod landing;
pub(crate) mod registers;
#[cfg(samara_tables)]
pub(crate) mod stack;

pub use registers::Registers;

#[cfg(samara_tables)]
pub use landing::{Cut, cut, raise};

use core::fmt;

/// Why nothing was cut; the registers are as they were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CutError {
    /// The interrupted instruction is in the boundary's own frame, or not above the record at all:
    /// trusted code on the way in or out. Try again when the thread has gone on.
    AtBoundary,
    /// The frame at this address cannot be stepped over.
    Blocked {
        /// An address inside its active instruction.
        pc: usize,
        /// Why.
        why: CutBlock,
    },
    /// There are more frames than are stepped over in one go, or the tables lead in circles.
    TooDeep,
}

/// Why a frame could not be stepped over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CutBlock {
    /// No table for this address.
    NoTable,
    /// The table is damaged, or in a form that is not supported.
    BadTable,
    /// The stack is not as the tables say.
    BadStack,
}

impl fmt::Display for CutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtBoundary => f.write_str("at the boundary itself: try again later"),
            Self::Blocked { pc, why } => {
                let why = match why {
                    CutBlock::NoTable => "has no unwind table",
                    CutBlock::BadTable => "has a bad unwind table",
                    CutBlock::BadStack => "has a stack unlike its unwind table",
                };
                write!(f, "the frame at {pc:#x} {why}")
            }
            Self::TooDeep => f.write_str("too many frames above the boundary"),
        }
    }
}

impl core::error::Error for CutError {}
