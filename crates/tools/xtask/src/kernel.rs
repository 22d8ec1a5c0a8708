//! Building the reference kernel.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use samara_domain_check::{Artifact, Build, RECORDS};

use crate::cargo::{self, cargo};
use crate::error::Error;
use crate::guest::{GuestError, Symbols};
use crate::workspace::Workspace;
use samara_process::step;

/// The kernel's package, and the name of its binary.
pub(crate) const PACKAGE: &str = "samara-kernel";

/// The crate that needs unstable features: the unwinder. Only it gets them.
const BOOTSTRAP: &str = "samara_unwind";

/// Where the kernel is built. A directory of its own: `RUSTC_BOOTSTRAP` rebuilds every procedural
/// macro, and the hosted tests must not pay for that. Every build in it records the compiler's invocations.
pub(crate) const TARGET_DIR: &str = "recorded-build";

/// Where the unwinder is built for a hosted program: see [`configure_unwinder`].
pub(crate) const UNWINDER_TARGET_DIR: &str = "dwarf";

/// What the kernel is built for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Flavor {
    /// The story that `cargo xtask run` tells, with the driver's fault points compiled in.
    Demo,
    /// The kernel's own tests.
    Tests,
}

impl Flavor {
    /// The feature of the kernel's package that selects this.
    pub(crate) fn feature(self) -> &'static str {
        match self {
            Flavor::Demo => "demo",
            Flavor::Tests => "kernel-tests",
        }
    }
}

/// A built kernel.
#[derive(Debug)]
pub(crate) struct Kernel {
    /// The bootable file.
    pub(crate) elf: PathBuf,
    /// Every crate that went into it.
    pub(crate) artifacts: Vec<Artifact>,
}

/// Adds to a cargo command what every build or check of the kernel needs.
pub(crate) fn configure(
    workspace: &Workspace,
    command: &mut std::process::Command,
    flavor: Flavor,
) {
    let target = workspace.target(TARGET_DIR);
    // The static checks look at what the compiler was called with. Always: what is up to date is not
    // compiled again.
    if let Ok(wrapper) = env::current_exe() {
        command.env("RUSTC_WRAPPER", wrapper);
    }
    command
        .env(RECORDS, Build::records(&target))
        .args([
            "--package",
            PACKAGE,
            "--release",
            "--features",
            flavor.feature(),
            "--target-dir",
        ])
        .arg(target)
        .env("RUSTC_BOOTSTRAP", BOOTSTRAP)
        // Sums that wrap are found by the kernel's own tests, not by what they make of memory.
        .env(
            "CARGO_PROFILE_RELEASE_OVERFLOW_CHECKS",
            (flavor == Flavor::Tests).to_string(),
        )
        // The section check reads the objects of this very build, so none may be left to link time.
        .env("CARGO_PROFILE_RELEASE_LTO", "off");
}

/// Adds to a cargo command what it needs for the kernel's unwinder beside the standard library's, in a
/// hosted program.
pub(crate) fn configure_unwinder(workspace: &Workspace, command: &mut std::process::Command) {
    command
        .args(["--package", "samara-unwind", "--features", "dwarf"])
        .arg("--target-dir")
        .arg(workspace.target(UNWINDER_TARGET_DIR))
        .env("RUSTC_BOOTSTRAP", BOOTSTRAP);
}

/// Builds the kernel, or finds it up to date.
pub(crate) fn build(workspace: &Workspace, flavor: Flavor) -> Result<Kernel, Error> {
    step(format_args!("building the kernel ({})", flavor.feature()));
    let mut command = cargo(workspace, "build");
    configure(workspace, &mut command, flavor);
    let artifacts = cargo::build("building the kernel", command)?;
    let elf = artifacts
        .iter()
        .find_map(|artifact| artifact.executable.clone());
    let elf = elf.ok_or_else(|| Error::Output {
        what: "building the kernel".into(),
        problem: format!("no program came out; does {PACKAGE} still have its binary?"),
    })?;
    write_symbols(&elf, workspace.root())?;
    Ok(Kernel { elf, artifacts })
}

/// Where the table of symbols of the kernel in `elf` lies: the loader gives it to the kernel as a module.
pub(crate) fn symbols(elf: &Path) -> PathBuf {
    elf.with_extension("symbols")
}

/// QEMU places modules up to where it will put the firmware's tables, which begin a little earlier: what is
/// at the very end is lost.
const MODULE_TAIL: usize = 8192;

/// Makes the table of symbols.
fn write_symbols(elf: &Path, root: &Path) -> Result<(), GuestError> {
    let mut table = Symbols::load(elf, root)?.table();
    table.resize(table.len() + MODULE_TAIL, 0);
    let path = symbols(elf);
    fs::write(&path, table).map_err(|error| GuestError::Symbols {
        path,
        problem: error.to_string(),
    })
}
