//! Runs the demo on broken disks. The kernel must report the defect and stop; it must not hang or crash. On a disk
//! that is only slow the demo must succeed.

use super::doomed;
use crate::cli::{BreakDisk, Drivers, MachineArgs};
use crate::disk::{self, Source};
use crate::error::Error;
use crate::kernel::{self, Flavor};
use crate::machine::{Drive, Ending, Machine};
use crate::tally::Tally;
use crate::workspace::Workspace;
use samara_process::step;
use samara_provision::qemu::Qemu;

/// The size of the image in bytes. It is small because the kernel may read all of it before it finds the defect.
const BYTES: u64 = 4 << 20;

/// The size of the image of a slow disk in bytes. It is small, so that the demo takes only a few seconds.
const SLOW_BYTES: u64 = 512 << 10;

/// Each defect of the disk, with words of which the kernel's report must contain at least one.
const CASES: &[(BreakDisk, &[&str])] = &[
    (BreakDisk::Absent, &["no nvme", "no controller", "no disk"]),
    (BreakDisk::NoNamespace, &["namespace"]),
    (
        BreakDisk::ReadOnly,
        &[
            "read-only",
            "read only",
            "write-protected",
            "write protected",
        ],
    ),
];

/// Boots the demo once for each defect, and once on a slow disk for each set of drivers.
pub(super) fn run(
    workspace: &Workspace,
    machine: &MachineArgs,
    tally: &mut Tally,
) -> Result<(), Error> {
    let qemu = Qemu::provide(&workspace.target("qemu"))?;
    let kernel = kernel::build(workspace, Flavor::Demo)?;
    step("the demo on broken disks in QEMU");
    for &(broken, words) in CASES {
        let disk = disk::prepare(
            &workspace.target("test"),
            Source::Seeded {
                seed: 1,
                bytes: BYTES,
            },
            BYTES,
        )?;
        let machine = Machine {
            kernel: kernel.elf.clone(),
            arguments: format!("mode=demo seed=1 crashes=0 bytes={BYTES} faults=panic"),
            drive: Drive::of(Some(broken), &disk.path),
            drivers: Drivers::Native,
            card: None,
            run: machine.clone(),
        };
        let name = format_args!("test disk {broken:?} is reported");
        doomed::boot(&machine, &qemu, tally, name, |said| missing(said, words))?;
    }
    for drivers in [Drivers::Native, Drivers::Virtio] {
        let source = Source::Seeded {
            seed: 1,
            bytes: SLOW_BYTES,
        };
        let disk = disk::prepare(&workspace.target("test"), source, SLOW_BYTES)?;
        let machine = Machine {
            kernel: kernel.elf.clone(),
            arguments: format!("mode=demo seed=1 crashes=0 bytes={SLOW_BYTES} faults=panic"),
            drive: Drive::of(Some(BreakDisk::Slow), &disk.path),
            drivers,
            card: None,
            run: machine.clone(),
        };
        // The demo expects no crashes. If a slow disk ended the driver, the kernel would report a failure.
        let mut said = Vec::new();
        let (_, ending) = machine.boot(&qemu, &mut said)?;
        let passed = matches!(ending, Ok(Ending::Success));
        tally.report(
            format_args!("test disk Slow does not crash the {drivers:?} driver"),
            passed,
        );
        if !passed {
            println!("{}", String::from_utf8_lossy(&said));
        }
    }
    Ok(())
}

/// Returns a complaint if the report `said` contains none of `words`.
fn missing(said: &str, words: &[&str]) -> Option<String> {
    let said = said.to_lowercase();
    if words.iter().any(|word| said.contains(word)) {
        None
    } else {
        Some(format!(
            "the kernel's report should name the defect with one of the words {words:?}"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::missing;

    #[test]
    fn the_report_must_name_the_reason() {
        let words = &["no nvme"];
        assert_eq!(missing("error: No NVMe controller", words), None);
        assert!(missing("error", words).is_some());
    }
}
