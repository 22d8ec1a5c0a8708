//! The kernel in the virtual machine: its messages, its symbols, and the verdict on its run.

mod console;
mod error;
mod network;
mod report;
mod symbols;
mod verdict;

pub(crate) use self::console::Console;
pub(crate) use self::error::GuestError;
pub(crate) use self::network::{ExpectedNetwork, NetworkVerdict};
pub(crate) use self::report::Report;
pub(crate) use self::symbols::Symbols;
pub(crate) use self::verdict::{Expected, Verdict};
