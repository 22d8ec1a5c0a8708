//! Runs other programs, each within a time limit, and stops them together with their children.
//!
//! A [`Job`] is a program with a name for messages and a limit on its wall-clock time. It prints to this process's
//! output, or this process reads its output, or it runs in the background until its handle is dropped. [`step`] and
//! [`note`] report progress to the user.
#![forbid(unsafe_code)]

mod error;
mod job;
mod lines;
mod progress;
mod tree;

pub use error::ProcessError;
pub use job::{Background, Job};
pub use progress::{note, step};
