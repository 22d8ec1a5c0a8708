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
//! # Example
//!
//! A thread that cuts itself, as a trap handler cuts the thread that it has interrupted. In a program that uses domains,
//! `samara_domain_runtime::contain` does this.
//!
//! ```
//! # #[cfg(all(target_arch = "x86_64", target_os = "linux"))] {
//! use samara_unwind::catch;
//! use samara_unwind::cut::{Cut, Raise, Registers, cut, raise, resume};
//! use samara_unwind::tables::Registered;
//! use std::cell::Cell;
//! use std::hint::black_box;
//!
//! // Registers the unwind tables of the program and its libraries.
//! let _contained = samara_host_std::contained::contained(false);
//!
//! struct Told<'a>(&'a Cell<bool>);
//!
//! impl Drop for Told<'_> {
//!     fn drop(&mut self) {
//!         self.0.set(true);
//!     }
//! }
//!
//! /// Where a domain hangs.
//! #[inline(never)]
//! fn hang(record: *const (), dropped: &Cell<bool>) -> u32 {
//!     let _told = Told(dropped);
//!     let mut registers = Registers::here(); // A trap handler fills them from its trap frame.
//!     let request = Cut {
//!         record,
//!         stack: registers.rsp as usize - 256..record.addr() + 4096,
//!         finder: &Registered,
//!         raise: Raise::new(raise),
//!     };
//!     // SAFETY: the running thread's own registers and stack. Nothing relies on the destructor
//!     // of `_told`.
//!     unsafe { cut(&mut registers, &request) }.expect("a frame below catches");
//!     // SAFETY: registers of this call, which is still active, rewritten by a cut.
//!     unsafe { resume(&registers) }
//! }
//!
//! /// Where the domain was entered. The record is on the stack just outside the boundary.
//! #[inline(never)]
//! fn enter(dropped: &Cell<bool>) -> Option<u32> {
//!     let record = [0_u64; 8];
//!     let record = (&raw const *black_box(&record)).cast();
//!     let entered = catch(|| black_box(hang)(record, dropped));
//!     entered.map_err(|payload| payload.dispose()).ok()
//! }
//!
//! let dropped = Cell::new(false);
//! assert_eq!(enter(&dropped), None); // To the boundary, its callee has raised.
//! assert!(!dropped.get()); // No destructor of the frames above ran.
//! # }
//! ```
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
