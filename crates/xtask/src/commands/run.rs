//! `cargo xtask run`: the story of a kernel that outlives its disk driver.

use std::io;

use crate::cli::{FaultKind, RunArgs};
use crate::disk::{self, Source};
use crate::error::Error;
use crate::guest::{Expected, GuestError, Verdict};
use crate::kernel::{self, Flavor};
use crate::progress::{note, step};
use crate::qemu::{Drive, Ending, Machine, Qemu};
use crate::workspace::Workspace;

/// Runs the demo once.
pub(super) fn run(workspace: &Workspace, args: &RunArgs) -> Result<(), Error> {
    let bytes = args.size << 20;
    let source = match &args.disk {
        Some(path) => Source::File(path.clone()),
        None => Source::Seeded {
            seed: args.seed,
            bytes,
        },
    };
    // First the disk: a mistake in the options shows before anything long is done.
    step(match &args.disk {
        Some(path) => format!("copying {} and computing its SHA-256", path.display()),
        None => format!(
            "making a disk image of {} MiB and computing its SHA-256",
            args.size
        ),
    });
    let disk = disk::prepare(&workspace.target("run"), source, bytes)?;
    let qemu = Qemu::provide(workspace)?;
    let kernel = kernel::build(workspace, Flavor::Demo)?;

    step(format_args!(
        "booting the kernel (at most {} s)",
        args.machine.timeout
    ));
    let machine = Machine {
        kernel: kernel.elf,
        arguments: format!(
            "mode=demo seed={} crashes={} bytes={} faults={}",
            args.seed,
            args.crashes,
            disk.bytes,
            FaultKind::list(&args.faults)
        ),
        drive: Drive::of(args.break_disk, &disk.path),
        run: args.machine.clone(),
    };
    let (report, ending) = machine.boot(&qemu, io::stdout())?;
    let ending = ending?;

    let expected = Expected {
        disk_bytes: disk.bytes,
        sha256: disk.sha256,
        crashes: args.crashes,
        kinds: FaultKind::ALL.map(|kind| args.faults.contains(&kind)),
    };
    let image = disk::check(&disk, args.seed, &report.written)?;
    let verdict = match Verdict::new(&report, &expected, image.written, image.fault.is_none()) {
        Ok(verdict) => verdict,
        // Why the kernel stopped early says more than what it did not get to.
        Err(unsaid) => {
            return Err(if ending == Ending::Success {
                unsaid
            } else {
                GuestError::Ended(ending)
            }
            .into());
        }
    };
    println!("{verdict}");

    if let Some(fault) = image.fault {
        note(format_args!(
            "{fault}; the image is kept as {}",
            disk.path.display()
        ));
    }
    let complaints = verdict.complaints(&expected);
    for complaint in &complaints {
        note(complaint);
    }
    if report.problems() > 0 {
        return Err(GuestError::Protocol {
            problems: report.problems(),
        }
        .into());
    }
    if !complaints.is_empty() {
        return Err(GuestError::Verdict {
            fields: complaints.len(),
        }
        .into());
    }
    match ending {
        Ending::Success => Ok(()),
        ending => Err(GuestError::Ended(ending).into()),
    }
}
