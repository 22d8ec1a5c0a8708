//! `cargo xtask test`: runs all tests.

use std::io;
use std::process::Command;

use super::{broken_disks, fatal_faults};
use crate::cargo::{LIMIT, cargo};
use crate::checks;
use crate::cli::{Drivers, TestArgs, TestPart};
use crate::disk::{self, Source};
use crate::error::Error;
use crate::guest::GuestError;
use crate::harness::Harness;
use crate::kernel::{self, Flavor};
use crate::machine::{Drive, Ending, Machine};
use crate::tally::Tally;
use crate::workspace::Workspace;
use samara_process::{Job, ProcessError};
use samara_process::{note, step};
use samara_provision::qemu::Qemu;

/// The size in bytes of the disk for the kernel's tests, which may overwrite all of it.
const TEST_DISK: u64 = 16 << 20;

/// The packages of [`TestPart::Models`]. They are not default members of the workspace, because they are slow without
/// optimisation.
pub(super) const MODELS: [&str; 3] = [
    "samara-loom",
    "samara-state-machine",
    "samara-device-state-machine",
];

/// The test programs of `samara-proxy` that also run in optimised code. Optimised code makes them test more: they cut
/// at every instruction of an unwinder's walk, of which a debug build only takes samples; a caller's own `catch` is
/// inlined into the frame of the boundary; and frames are small.
const OPTIMISED: [&str; 13] = [
    "stepped",
    "payload",
    "attack_flight",
    "budgets",
    "attack_inlined",
    "attack_payload",
    "attack_wake",
    "contained",
    "deaths",
    "nested_panics",
    "signals",
    "stack",
    "tick_at_call_boundary",
];

/// The programs of [`OPTIMISED`] that run once more with LTO, which inlines functions across crates.
const LINKED: [&str; 3] = ["stepped", "contained", "payload"];

/// Runs the tests and prints how many passed and failed. Fails if a test failed.
pub(super) fn run(workspace: &Workspace, args: &TestArgs) -> Result<(), Error> {
    let tally = all(workspace, args);
    tally.tell_failures();
    println!("{tally}");
    if tally.failed == 0 {
        Ok(())
    } else {
        Err(Error::Checks {
            failed: tally.failed,
            of: format!("{} tests", tally.sum()),
        })
    }
}

/// Runs the parts that `args` select and counts their tests.
pub(super) fn all(workspace: &Workspace, args: &TestArgs) -> Tally {
    let wanted = |part| args.only.is_empty() || args.only.contains(&part);
    let mut total = Tally::default();
    if wanted(TestPart::Hosted) {
        total.add(suite("hosted tests", |tally| hosted(workspace, tally)));
    }
    if wanted(TestPart::Models) {
        total.add(suite("models", |tally| models(workspace, tally)));
    }
    if wanted(TestPart::Counts) {
        total.add(suite("instruction counts", |tally| {
            counts(workspace, tally)
        }));
    }
    if wanted(TestPart::Kernel) {
        total.add(suite("the kernel's tests", |tally| {
            in_kernel(workspace, args, tally)
        }));
    }
    if wanted(TestPart::Faults) {
        total.add(suite("fatal faults", |tally| {
            fatal_faults::run(workspace, &args.machine, tally)
        }));
    }
    if wanted(TestPart::Disks) {
        total.add(suite("broken disks", |tally| {
            broken_disks::run(workspace, &args.machine, tally)
        }));
    }
    if wanted(TestPart::Checks) {
        total.add(suite("static checks", |tally| {
            checks::run(workspace, tally)
        }));
    }
    total
}

/// Runs one suite. If the suite cannot be run to its end, at least one test counts as failed, so that the suite does
/// not seem to have passed.
fn suite(name: &str, run: impl FnOnce(&mut Tally) -> Result<(), Error>) -> Tally {
    let mut tally = Tally::default();
    if let Err(error) = run(&mut tally) {
        eprintln!("error: {error}");
        tally.fail(format_args!("{name}: {error}"));
    }
    note(format_args!(
        "{name}: {} passed and {} failed",
        tally.passed, tally.failed
    ));
    tally
}

/// Runs the unit, integration, documentation and compile-fail tests on this machine.
fn hosted(workspace: &Workspace, tally: &mut Tally) -> Result<(), Error> {
    step("hosted tests (cargo test)");
    let mut command = cargo(workspace, "test");
    command.arg("--no-fail-fast");
    let all = count("cargo test", command, tally);
    step("hosted tests of the kernel's unwinder (cargo test)");
    let mut command = cargo(workspace, "test");
    command.args(["--no-fail-fast", "--release"]);
    kernel::configure_unwinder(workspace, &mut command);
    command.args(["--test", "contract", "--test", "damaged"]);
    let unwinder = count("cargo test of the unwinder", command, tally);
    step("cuts in optimised code (cargo test --release)");
    let command = optimised(workspace, &OPTIMISED);
    let in_parts = count("cargo test --release", command, tally);
    step("the same with LTO (cargo test --release)");
    let mut command = optimised(workspace, &LINKED);
    command
        .arg("--target-dir")
        .arg(workspace.target("lto"))
        .env("CARGO_PROFILE_RELEASE_LTO", "fat")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1");
    let as_a_whole = count("cargo test --release with LTO", command, tally);
    all.and(unwinder).and(in_parts).and(as_a_whole)
}

/// Returns a command that runs these test programs of `samara-proxy` in optimised code.
fn optimised(workspace: &Workspace, tests: &[&str]) -> Command {
    let mut command = cargo(workspace, "test");
    command.args(["--no-fail-fast", "--release", "--package", "samara-proxy"]);
    for test in tests {
        command.args(["--test", test]);
    }
    command
}

/// Runs the core's sources in loom, and the random machines of the core and of devices: optimised, with debug checks.
fn models(workspace: &Workspace, tally: &mut Tally) -> Result<(), Error> {
    step("models (cargo test, loom and the machine)");
    let mut command = cargo(workspace, "test");
    command.args(["--no-fail-fast", "--profile", "checked"]);
    for package in MODELS {
        command.args(["-p", package]);
    }
    count("cargo test of the models", command, tally)
}

/// Counts the instructions of the hot paths and compares them with the recorded counts.
fn counts(workspace: &Workspace, tally: &mut Tally) -> Result<(), Error> {
    step("instruction counts (cargo bench)");
    let mut command = cargo(workspace, "bench");
    command.args(["--package", "samara-benches", "--bench", "instructions"]);
    count("counting instructions", command, tally)
}

/// Runs a test command and adds the counts of its harnesses to `tally`.
fn count(what: &str, command: Command, tally: &mut Tally) -> Result<(), Error> {
    let mut harness = Harness::default();
    let status = Job::new(what, command, LIMIT).stream(|line| {
        println!("{line}");
        harness.take(line);
    });
    let has_failed = !matches!(&status, Ok(status) if status.success());
    tally.add(harness.into_tally(has_failed));
    let status = status?;
    if status.success() {
        Ok(())
    } else {
        Err(ProcessError::Failed {
            what: what.into(),
            status,
        }
        .into())
    }
}

/// Runs the kernel's own tests in QEMU. The linker collects them into a section of the kernel.
fn in_kernel(workspace: &Workspace, args: &TestArgs, tally: &mut Tally) -> Result<(), Error> {
    let qemu = Qemu::provide(&workspace.target("qemu"))?;
    let kernel = kernel::build(workspace, Flavor::Tests)?;
    let contents = Source::Seeded {
        seed: 0,
        bytes: TEST_DISK,
    };
    let disk = disk::prepare(&workspace.target("test"), contents, TEST_DISK)?;
    step(format_args!(
        "the kernel's tests in QEMU (at most {} s)",
        args.machine.timeout
    ));
    let machine = Machine {
        kernel: kernel.elf,
        arguments: match &args.name {
            // The documents call the test `kernel/deaths::x` that the kernel calls `tests::deaths::x`.
            Some(name) => format!("mode=test only={}", name.trim_start_matches("kernel/")),
            None => "mode=test".into(),
        },
        drive: Drive::of(None, &disk.path),
        drivers: Drivers::Native,
        card: None,
        run: args.machine.clone(),
    };
    let (report, ending) = machine.boot(&qemu, io::stdout())?;
    tally.add(report.tests().clone());
    let ending = ending?;
    report.tests_complete().map_err(|problem| Error::Output {
        what: "the kernel's tests".into(),
        problem,
    })?;
    if report.problems() > 0 {
        return Err(GuestError::Protocol {
            problems: report.problems(),
        }
        .into());
    }
    match ending {
        Ending::Success => Ok(()),
        ending => Err(GuestError::Ended(ending).into()),
    }
}
