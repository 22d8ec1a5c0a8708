//! What a kernel trusts, counted. `README.md` and `docs/design.md` show the counts.
//!
//! A line counts if anything but a comment stands on it, outside of a file's tests.

mod crates;
mod parts;
mod source;

pub(crate) use self::crates::count_crates;
pub(crate) use self::parts::count_parts;
