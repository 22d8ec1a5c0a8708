//! Cutting: discarding a thread's frames up to a boundary, from any instruction.
//!
//! A trap handler that finds a domain at fault calls [`cut()`] with the registers of the interrupted thread and the
//! address of a record on the thread's stack, just outside a [`catch`](crate::catch): the top activation. The cut
//! steps over the inner frames by the unwind tables, up to the frame that catches. It rewrites the registers so that
//! the thread continues in a new callee of that frame, which raises. The rest is an ordinary unwind over one frame,
//! for which the `dwarf` backend needs no walk, because the landing pad is known. No destructor of a discarded frame
//! runs, and a call stores nothing in advance to make this possible.
//!
//! ```text
//!   trap: rip ─► memcpy ─► driver ─► method ─► ▓ frame with the record and the catch ▓ ─► …
//!                └──────── discarded ────────┘   └── its callee is now `raise`
//! ```
//!
//! # Requirements on a trap handler
//!
//! * It runs on another stack, or leaves the 128 bytes below the stack pointer (the red zone) untouched. An epilogue
//!   pops registers, and a table may say that their values are still found there.
//! * It does not cut where trusted code runs, and asks the runtime first.
//! * It copies all registers of the trap frame to [`Registers`], and writes all of them back.
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
//! Cuts by unwind tables exist on x86_64, with any of the features `tables`, `std` and `dwarf`. Otherwise this module
//! has only [`Registers`], for [`jump::cut`](crate::jump::cut), and [`CutError`].
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
