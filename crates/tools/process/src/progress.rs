//! Messages about the progress of long work. They go to standard error, as standard output is for results.

use std::fmt::Display;

/// Announces a step that may take a while.
pub fn step(what: impl Display) {
    eprintln!("==> {what}");
}

/// Prints a remark about the current step.
pub fn note(what: impl Display) {
    eprintln!("    {what}");
}
