//! Counts of the code that a kernel trusts. `README.md` and `docs/design.md` show the counts.
//!
//! A line counts if it is neither empty, nor only a comment, nor part of the tests at the end of its file.

mod crates;
mod parts;
mod source;

pub(crate) use self::crates::count_crates;
pub(crate) use self::parts::count_parts;
