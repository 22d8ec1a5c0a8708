//! What `mode=demo` shows. For now: what the machine is made of.

use crate::arch::exit::ExitCode;
use crate::pci;
use crate::{println, report};

/// Runs the demonstration.
pub(crate) fn run() -> ExitCode {
    report::memory();
    report::domains();
    for function in pci::functions() {
        println!("pci: {function}");
    }
    ExitCode::Success
}
