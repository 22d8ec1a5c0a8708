//! Builds two minimal programs for each of the small targets, runs them, and measures the size of one.

mod core_source;
mod emulator;
mod size;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::cargo::{LIMIT, cargo};
use crate::error::Error;
use crate::tally::Tally;
use crate::workspace::Workspace;
use samara_process::Job;
use samara_process::step;

use self::core_source::CoreSource;
use self::emulator::Emulator;

/// The package that is built.
const PACKAGE: &str = "samara-example-minimal";

/// Its programs. `minimal` has two domains; `boundary` checks registers across a boundary.
const PROGRAMS: [&str; 2] = ["minimal", "boundary"];

/// The program whose size is reported, and the target for which it is built.
const MEASURED: (&str, &str) = ("minimal", "thumbv7em-none-eabihf");

/// The longest time that a program may run. A program usually ends within a second.
const RUN_LIMIT: Duration = Duration::from_secs(60);

/// A target, and the emulator for its programs.
struct Target {
    name: &'static str,
    emulator: Emulator,
    /// The features of the package that it needs.
    features: &'static [&'static str],
}

const TARGETS: [Target; 6] = [
    Target {
        name: "thumbv7em-none-eabihf",
        emulator: Emulator::CortexM("mps2-an386"),
        features: &[],
    },
    Target {
        name: "thumbv6m-none-eabi",
        // This board has a Cortex-M3. QEMU's only board with an M0 has too little memory for the programs.
        emulator: Emulator::CortexM("mps2-an385"),
        features: &["single-core"],
    },
    Target {
        name: "riscv32imac-unknown-none-elf",
        emulator: Emulator::User("riscv32"),
        features: &[],
    },
    Target {
        name: "riscv64gc-unknown-none-elf",
        emulator: Emulator::User("riscv64"),
        features: &[],
    },
    Target {
        name: "aarch64-unknown-none",
        emulator: Emulator::User("aarch64"),
        features: &[],
    },
    Target {
        name: "x86_64-unknown-none",
        emulator: Emulator::User("x86_64"),
        features: &[],
    },
];

/// Builds the programs for every target, runs them, and prints the size of one. Each run counts as one test.
pub(crate) fn check(workspace: &Workspace, tally: &mut Tally) -> Result<(), Error> {
    let names = TARGETS.map(|target| target.name);
    let source = CoreSource::provide(workspace, &names)?;
    for target in &TARGETS {
        step(format_args!("{PACKAGE} for {}", target.name));
        let directory = build(workspace, target, &source)?;
        for program in PROGRAMS {
            let passed = runs(target, &directory.join(program))?;
            tally.report(format_args!("{program} on {}", target.name), passed);
        }
        for program in PROGRAMS {
            if (program, target.name) == MEASURED {
                println!("{} {}", target.name, size::of(&directory.join(program))?);
            }
        }
    }
    Ok(())
}

/// Builds the programs for a target. Returns the directory that holds them.
fn build(workspace: &Workspace, target: &Target, source: &CoreSource) -> Result<PathBuf, Error> {
    let directory = workspace.target("targets");
    let mut command = cargo(workspace, "build");
    command
        .args(["--package", PACKAGE, "--release", "--target", target.name])
        .arg("--target-dir")
        .arg(&directory);
    if !target.features.is_empty() {
        command.arg("--features").arg(target.features.join(","));
    }
    for (key, value) in [
        ("PANIC", "abort"),
        ("OPT_LEVEL", "s"),
        ("LTO", "fat"),
        ("CODEGEN_UNITS", "1"),
        ("DEBUG", "false"),
    ] {
        command.env(format!("CARGO_PROFILE_RELEASE_{key}"), value);
    }
    // Programs for this target are position-independent by default, but the emulator does not relocate a program.
    command.env(
        "CARGO_TARGET_X86_64_UNKNOWN_NONE_RUSTFLAGS",
        "-Crelocation-model=static",
    );
    source.apply(&mut command, target.name);
    Job::new(format!("building for {}", target.name), command, LIMIT).run()?;
    Ok(directory.join(target.name).join("release"))
}

/// Runs a program. Returns true if it prints `result: ok` and ends with status 0.
fn runs(target: &Target, program: &Path) -> Result<bool, Error> {
    let command: Command = target.emulator.command(program)?;
    let what = format!("{} on {}", program.display(), target.name);
    let mut said_ok = false;
    let status = Job::new(what, command, RUN_LIMIT).stream(|line| {
        println!("    {line}");
        said_ok |= line.trim() == "result: ok";
    })?;
    Ok(said_ok && status.success())
}
