//! The demo with a disk that something is wrong with: it must say so and stop, not hang or crash. With one that is merely slow it
//! must go on.

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

/// Size in bytes of the image; the kernel may read all of it before it finds what is wrong.
const BYTES: u64 = 4 << 20;

/// The same of a slow one, which is read once and a half: some seconds.
const SLOW_BYTES: u64 = 512 << 10;

/// What is taken away, and words of which the kernel's report must have one.
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

/// Boots the demo once for each way to break a disk.
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
        // A driver that was ended would be a crash too many.
        let mut said = Vec::new();
        let (_, ending) = machine.boot(&qemu, &mut said)?;
        let passed = matches!(ending, Ok(Ending::Success));
        tally.report(
            format_args!("test disk Slow is no crash of its {drivers:?} driver"),
            passed,
        );
        if !passed {
            println!("{}", String::from_utf8_lossy(&said));
        }
    }
    Ok(())
}

/// What the report lacks, if anything.
fn missing(said: &str, words: &[&str]) -> Option<String> {
    let said = said.to_lowercase();
    if words.iter().any(|word| said.contains(word)) {
        None
    } else {
        Some(format!(
            "the kernel should say what is wrong, with one of {words:?}"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::missing;

    #[test]
    fn a_reason_must_be_told() {
        let words = &["no nvme"];
        assert_eq!(missing("error: No NVMe controller", words), None);
        assert!(missing("error", words).is_some());
    }
}
