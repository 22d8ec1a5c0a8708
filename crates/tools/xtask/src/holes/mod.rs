//! Past holes of the core and of devices, each as an edit that puts it back; what finds them again is measured.
//!
//! | module | concept |
//! |---|---|
//! | `format` | a hole's file: its description, the test that guards it, and its edits |
//! | `edit` | lines to be replaced, found by what they say |
//! | `catalogue` | all holes of the workspace |
//! | `tree` | the copy of the workspace that is built with one hole at a time |
//! | `programs` | programs of tests that are built in it |
//! | `run` | one run of a test, and how it ended |
//! | `state_machine`, `guards` | the suites: the random machines, of the core and of devices, and each hole's own test |
//! | `table` | what was found, as the documentation shows it |

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
