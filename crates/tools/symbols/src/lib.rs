//! A table from code addresses to functions and lines.
//!
//! `Writer` (feature `write`) makes a table from a program's debug information after the program is built. A kernel
//! reads the table through [`Table`] to symbolise its own backtraces. [`Table`] does not allocate, lock or panic,
//! even if the bytes are invalid. A look-up is a binary search.
//!
//! # Format
//!
//! Little-endian numbers of 32 bits, in this order:
//!
//! | part | numbers |
//! |---|---|
//! | head | [`MAGIC`], base address (low, high), rows `r`, places `p`, bytes of text |
//! | offsets | `r`, ascending: for each row the first address of its code, less the base address |
//! | row's place | `r`: for each row the index of its place, or [`NOWHERE`] if its place is not known |
//! | places | `p` times four: function, file (offsets into the text), line, and the place into which the function was inlined or [`NOWHERE`] |
//! | text | UTF-8, each string preceded by its length in two bytes |
#![no_std]
#![forbid(unsafe_code)]

#[cfg(any(feature = "write", test))]
extern crate alloc;

mod table;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "write", test))]
mod writer;

pub use table::{Place, Places, Table};
#[cfg(any(feature = "write", test))]
pub use writer::Writer;

/// The first number of a table. It identifies the format and its version.
pub const MAGIC: u32 = u32::from_le_bytes(*b"SYM1");

/// The index that means "no place".
pub const NOWHERE: u32 = u32::MAX;

/// The number of 32-bit numbers in the head.
const HEAD: usize = 6;

/// The number of 32-bit numbers in a place.
const PLACE: usize = 4;
