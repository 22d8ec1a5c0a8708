//! Past holes of the core and of devices. Each is an edit that puts the hole back. The number of holes that a suite
//! finds again is a measure of the suite.
//!
//! | module | concept |
//! |---|---|
//! | `format` | a hole's file: its description, the test that guards it, and its edits |
//! | `edit` | edits that find their lines by the text |
//! | `catalogue` | the list of all holes of the workspace |
//! | `tree` | the copy of the workspace, into which one hole at a time is put |
//! | `programs` | the test programs that are built in the copy |
//! | `run` | one run of a test, and its outcome |
//! | `state_machine`, `guards` | the suites: the random machines of the core and of devices, and the holes' own tests |
//! | `table` | the table of results, as docs/holes.md shows it |

mod catalogue;
mod edit;
mod error;
mod format;
mod guards;
mod programs;
mod run;
mod state_machine;
mod table;
mod tree;

pub(crate) use catalogue::load;
pub(crate) use error::HoleError;
pub(crate) use format::Hole;
pub(crate) use guards::Guards;
pub(crate) use state_machine::{Machine, Of};
pub(crate) use table::Row;
pub(crate) use tree::Tree;
