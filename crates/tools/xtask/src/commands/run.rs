//! `cargo xtask run`: the demo of a kernel that outlives its drivers.

use std::io;

use samara_testkit::http_client::Outcome;

use crate::cli::{FaultKind, NetworkChoice, RunArgs};
use crate::disk::{self, Disk, Source};
use crate::error::Error;
use crate::guest::{Expected, ExpectedNetwork, GuestError, NetworkVerdict, Report, Verdict};
use crate::kernel::{self, Flavor};
use crate::machine::{Drive, Ending, Machine};
use crate::network::{self, Network};
use crate::workspace::Workspace;
use samara_process::{note, step};
use samara_provision::qemu::Qemu;

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
    // The disk is prepared first, so that a mistake in its options is reported before the kernel is built.
    step(match &args.disk {
        Some(path) => format!("copying {} and computing its SHA-256", path.display()),
        None => format!(
            "making a disk image of {} MiB and computing its SHA-256",
            args.size
        ),
    });
    let disk = disk::prepare(&workspace.target("run"), source, bytes)?;
    let kernel = kernel::build(workspace, Flavor::Demo)?;
    let network = network(workspace, args)?;
    let qemu = match &network {
        Some(network) => network.qemu().clone(),
        None => Qemu::provide(&workspace.target("qemu"))?,
    };

    step(format_args!(
        "booting the kernel (at most {} s)",
        args.machine.timeout
    ));
    let machine = Machine {
        kernel: kernel.elf,
        arguments: arguments(args, &disk, network.is_some()),
        drive: Drive::of(args.break_disk, &disk.path),
        drivers: args.driver,
        card: network.as_ref().map(|network| network.card().clone()),
        run: args.machine.clone(),
    };
    let (report, ending) = machine.boot(&qemu, io::stdout())?;
    let fetched = network.map(Network::finish);
    judge(args, &disk, &report, fetched, ending?)
}

/// Prepares the network part. Returns `None` if it is switched off, or if the system cannot run it and `args` leave the
/// choice to xtask.
fn network(workspace: &Workspace, args: &RunArgs) -> Result<Option<Network>, Error> {
    if args.network == NetworkChoice::Off {
        return Ok(None);
    }
    match Network::prepare(workspace, args.driver, args.seed, args.requests) {
        Ok(network) => Ok(Some(network)),
        Err(error) if args.network == NetworkChoice::Auto => {
            note(format_args!(
                "the network part is NOT RUN, because this system cannot provide its device: {error}"
            ));
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Returns the kernel's command line.
fn arguments(args: &RunArgs, disk: &Disk, network: bool) -> String {
    let mut line = format!(
        "mode=demo seed={} crashes={} bytes={} faults={}",
        args.seed,
        args.crashes,
        disk.bytes,
        FaultKind::list(&args.faults)
    );
    if network {
        line += &format!(
            " requests={} nic_crashes={} body={}",
            args.requests,
            args.nic_crashes,
            network::BODY
        );
    }
    line
}

/// Compares the kernel's report, the image and the client's outcome with the expected values. Prints the result line.
fn judge(
    args: &RunArgs,
    disk: &Disk,
    report: &Report,
    fetched: Option<Outcome>,
    ending: Ending,
) -> Result<(), Error> {
    let expected = Expected {
        disk_bytes: disk.bytes,
        sha256: disk.sha256,
        crashes: args.crashes,
        kinds: FaultKind::ALL.map(|kind| args.faults.contains(&kind)),
    };
    let expected_network = ExpectedNetwork {
        requests: args.requests,
        body: network::BODY,
        crashes: args.nic_crashes,
    };
    let image = disk::check(disk, args.seed, &report.written)?;
    let verdict = Verdict::new(report, &expected, image.written, image.fault.is_none());
    let network = fetched.map(|outcome| NetworkVerdict::new(report, outcome));
    let (verdict, network) = match (verdict, network.transpose()) {
        (Ok(verdict), Ok(network)) => (verdict, network),
        // If the kernel stopped early, report how it ended, which tells the user more than the first missing message.
        (Err(unsaid), _) | (_, Err(unsaid)) => {
            return Err(if ending == Ending::Success {
                unsaid
            } else {
                GuestError::Ended(ending)
            }
            .into());
        }
    };
    match network {
        Some(network) => println!("{verdict} {network}"),
        None => println!("{verdict} network=not-run"),
    }

    if let Some(fault) = image.fault {
        note(format_args!(
            "{fault}; the image is kept as {}",
            disk.path.display()
        ));
    }
    let mut complaints = verdict.complaints(&expected);
    complaints.extend(
        network
            .iter()
            .flat_map(|network| network.complaints(&expected_network)),
    );
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
