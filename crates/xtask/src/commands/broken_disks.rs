//! The demo with a disk that something is wrong with: it must say so and stop, not hang or crash.

use crate::cli::{BreakDisk, MachineArgs};
use crate::disk::{self, Source};
use crate::error::Error;
use crate::guest::GuestError;
use crate::kernel::{self, Flavor};
use crate::progress::step;
use crate::qemu::{Drive, Ending, Machine, Qemu};
use crate::tally::Tally;
use crate::workspace::Workspace;

/// Size in bytes of the image; the kernel may read all of it before it finds what is wrong.
const BYTES: u64 = 4 << 20;

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
    let qemu = Qemu::provide(workspace)?;
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
            card: None,
            run: machine.clone(),
        };
        let mut said = Vec::new();
        let (_, ending) = machine.boot(&qemu, &mut said)?;
        let said = String::from_utf8_lossy(&said);
        let complaint = complaint(&ending, &said, words);
        tally.report(
            format_args!("test disk {broken:?} is reported"),
            complaint.is_none(),
        );
        if let Some(complaint) = &complaint {
            println!("{said}    {complaint}");
        }
    }
    Ok(())
}

/// What is wrong with how the kernel took it, if anything.
fn complaint(ending: &Result<Ending, GuestError>, said: &str, words: &[&str]) -> Option<String> {
    match ending {
        Ok(Ending::Failure) => {}
        Ok(Ending::Success) => return Some("the kernel reported success".into()),
        Ok(other) => return Some(other.to_string()),
        Err(error) => return Some(error.to_string()),
    }
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
    use std::time::Duration;

    use super::complaint;
    use crate::guest::GuestError;
    use crate::qemu::Ending;

    #[test]
    fn only_a_reported_failure_with_its_reason_is_right() {
        let words = &["no nvme"];
        assert_eq!(
            complaint(&Ok(Ending::Failure), "error: No NVMe controller", words),
            None
        );
        assert!(complaint(&Ok(Ending::Failure), "error", words).is_some());
        for ending in [Ending::Success, Ending::Reset, Ending::Refused] {
            assert!(complaint(&Ok(ending), "no nvme", words).is_some());
        }
        let hang = Err(GuestError::TimedOut {
            limit: Duration::from_secs(1),
        });
        assert!(complaint(&hang, "no nvme", words).is_some());
    }
}
