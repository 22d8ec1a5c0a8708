//! A table from code addresses to functions and lines.
//!
//! Made from a program's debug information when that is built (`Writer`, feature `write`), and read in a
//! kernel that symbolises its own backtraces: [`Table`] neither allocates, locks nor panics, whatever the
//! bytes are. A look-up is a binary search.
//!
//! # Format
//!
//! Little-endian numbers of 32 bits, in this order:
//!
//! | part | numbers |
//! |---|---|
//! | head | [`MAGIC`], base address (low, high), rows `r`, places `p`, bytes of text |
//! | offsets | `r`, ascending: where code begins that is of the row's place, from the base address on |
//! | row's place | `r`: index of a place, or [`NOWHERE`] |
//! | places | `p` times four: function, file (offsets into the text), line, and the place that the function was inlined into or [`NOWHERE`] |
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

/// The first number of a table: format and version.
pub const MAGIC: u32 = u32::from_le_bytes(*b"SYM1");

/// No place.
pub const NOWHERE: u32 = u32::MAX;

/// Numbers of the head.
const HEAD: usize = 6;

/// Numbers of a place.
const PLACE: usize = 4;
