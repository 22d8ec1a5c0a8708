//! Cutting: discarding a thread's frames up to a boundary, from any instruction.
//!
//! A trap handler that finds a domain at fault calls [`cut()`] with the registers of the interrupted thread and the
//! address of a record on the thread's stack, just outside a [`catch`](crate::catch): the top activation. The cut steps
//! over the inner frames by the unwind tables, up to the frame that catches. It rewrites the registers so that the
//! thread continues as a callee of that frame that raises. The rest is an ordinary unwind over one frame, for which the
//! `dwarf` backend needs no walk, because the landing pad is known. No destructor of a discarded frame runs, and a call
//! stores nothing in advance to make this possible.
//!
//! ```text
//!   trap: rip ─► memcpy ─► driver ─► method ─► ▓ frame with the record and the catch ▓ ─► …
//!                └──────── discarded ────────┘   └── its callee is now `raise`
//! ```
//!
//! # Requirements on a trap handler
//!
//! * It runs on another stack, or leaves the 128 bytes below the stack pointer (the red zone) untouched. A table may
//!   say that a register which an epilogue has popped is found there.
//! * It does not cut where trusted code runs, and asks the runtime first.
//! * It copies all registers of the trap frame to [`Registers`], and writes all of them back.

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

/// Why nothing was cut. The registers are unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CutError {
    /// No frame from the interrupted instruction to the record catches: the thread is in trusted code on its way into
    /// or out of the boundary. Try again when the thread has run further.
    AtBoundary,
    /// The frame at this address cannot be stepped over.
    Blocked {
        /// An address inside its active instruction.
        pc: usize,
        /// The reason.
        why: CutBlock,
    },
    /// There are more frames than fit on the stack, so the tables do not describe it.
    TooDeep,
}

/// Why a frame could not be stepped over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CutBlock {
    /// There is no table for this address.
    NoTable,
    /// The table is damaged, or in a form that is not supported.
    BadTable,
    /// The stack does not match the tables.
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
