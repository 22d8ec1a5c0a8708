//! Cutting: giving up a thread's frames down to a boundary, from any instruction.
//!
//! A trap handler that finds a domain at fault calls [`cut()`] with the registers of the interrupted
//! thread and the address of a record on its stack just outside a [`catch`](crate::catch): the top
//! activation. The frames above are stepped over by the unwind tables down to the one that catches;
//! the registers are rewritten so that, when the thread goes on, that frame finds that its callee
//! raises. From there on it is an ordinary unwind edge, one frame long, which `dwarf` goes without a walk: the
//! landing pad is known. No destructor of a frame that was given up runs, and nothing is stored on the way
//! of a call for it.
//!
//! ```text
//!   trap: rip ─► memcpy ─► driver ─► method ─► ▓ frame with the record and the catch ▓ ─► …
//!                └──────── given up ─────────┘   └── its callee is now `raise`
//! ```
//!
//! # What a trap handler has to keep to
//!
//! * It runs on another stack, or has left the 128 bytes below the stack pointer untouched: a table
//!   may say that a register which an epilogue has popped is found there.
//! * It does not cut where trusted code runs: it asks the runtime first.
//! * All registers of the trap frame are copied to [`Registers`], and all are written back.
//!
//! # Features
//!
//! Cuts by unwind tables are there with the features `tables`, `std` and `dwarf` on x86_64. Otherwise this module has only
//! [`Registers`], for [`jump::cut`](crate::jump::cut), and [`CutError`].
//!
#![cfg_attr(samara_tables, doc = "[`cut()`]: fn@cut")]
#![cfg_attr(not(samara_tables), doc = "[`cut()`]: crate#backends")]

#[cfg(samara_tables)]
mod landing;
#[cfg(samara_tables)]
mod raise;
pub(crate) mod registers;
#[cfg(samara_tables)]
pub(crate) mod stack;

pub use registers::Registers;

#[cfg(samara_tables)]
pub use landing::{Cut, cut, resume, undo_call};
#[cfg(samara_tables)]
pub use raise::{Hook, Landed, Raise, raise, raise_within};

use core::fmt;

/// Why nothing was cut; the registers are as they were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CutError {
    /// No frame between the interrupted instruction and the record would catch: trusted code on the
    /// way in or out of the boundary. Try again when the thread has gone on.
    AtBoundary,
    /// The frame at this address cannot be stepped over.
    Blocked {
        /// An address inside its active instruction.
        pc: usize,
        /// Why.
        why: CutBlock,
    },
    /// There are more frames than fit on the stack: the tables lead in circles.
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
