//! What the user sees while something long goes on. On standard error: standard output is for results.

use std::fmt::Display;

/// Announces a step that may take a while.
pub fn step(what: impl Display) {
    eprintln!("==> {what}");
}

/// A remark about the current step.
pub fn note(what: impl Display) {
    eprintln!("    {what}");
}
