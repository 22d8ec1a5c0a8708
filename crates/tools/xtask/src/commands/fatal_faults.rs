//! Causes faults that end the kernel: faults of the CPU, and panics that no boundary contains. The kernel must report
//! the kind and the place of the fault. Each fault needs a separate boot.

use super::doomed;
use crate::cli::{Drivers, MachineArgs};
use crate::error::Error;
use crate::kernel::{self, Flavor};
use crate::machine::{Drive, Machine};
use crate::tally::Tally;
use crate::workspace::Workspace;
use samara_process::step;
use samara_provision::qemu::Qemu;

/// The kinds of faults that the kernel's test build provokes for `mode=fault kind=…`, and words that its report must
/// contain.
const CASES: &[(&str, &str)] = &[
    ("null", "reading 0x8: not mapped"),
    ("text", "not allowed"),
    ("data", "executing 0x"),
    ("overflow", "stack overflow"),
    ("reserve", "the reserve of the stack"),
    ("undefined", "undefined instruction"),
    ("divide", "divide error"),
    ("panic", "outside every boundary"),
    ("double", "in a destructor, while unwinding"),
];

/// The source file of the code that causes the fault. A line of the backtrace must name it.
const CULPRIT: &str = "fatal_faults.rs:";

/// Boots the kernel once for each kind of fault.
pub(super) fn run(
    workspace: &Workspace,
    machine: &MachineArgs,
    tally: &mut Tally,
) -> Result<(), Error> {
    let qemu = Qemu::provide(&workspace.target("qemu"))?;
    let kernel = kernel::build(workspace, Flavor::Tests)?;
    step("fatal faults in QEMU");
    for &(kind, words) in CASES {
        let machine = Machine {
            kernel: kernel.elf.clone(),
            arguments: format!("mode=fault kind={kind}"),
            drive: Drive::None,
            drivers: Drivers::Native,
            card: None,
            run: machine.clone(),
        };
        let name = format_args!("test fatal fault {kind} is reported with its place");
        doomed::boot(&machine, &qemu, tally, name, |said| missing(said, words))?;
    }
    Ok(())
}

/// Returns a complaint if the report `said` lacks `words` or the place of the fault.
fn missing(said: &str, words: &str) -> Option<String> {
    let traced = |line: &str| line.starts_with("    at ") && line.contains(CULPRIT);
    if !said.contains(words) {
        Some(format!(
            "the kernel's report should name the fault: {words}"
        ))
    } else if !said.lines().any(traced) {
        Some(format!(
            "the kernel's backtrace should have a line that names the place: {CULPRIT}N"
        ))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::missing;

    #[test]
    fn the_report_must_name_kind_and_place() {
        let good = "fault: divide error\n    at samara_kernel::tests::fatal_faults::run (examples/kernel/src/tests/fatal_faults.rs:26)\n";
        assert_eq!(missing(good, "divide error"), None);
        assert!(missing(good, "page fault").is_some());
        let nowhere = "fault: divide error\n    at 0x1\n";
        assert!(missing(nowhere, "divide error").is_some());
    }
}
