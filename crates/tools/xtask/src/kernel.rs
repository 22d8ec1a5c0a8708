//! Builds the reference kernel and its unwinder.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use samara_domain_check::{Artifact, Build, RECORDS};

use crate::cargo::{self, cargo};
use crate::error::Error;
use crate::guest::{GuestError, Symbols};
use crate::workspace::Workspace;
use samara_process::step;

/// The name of the kernel's package and of its binary.
pub(crate) const PACKAGE: &str = "samara-kernel";

/// The value of `RUSTC_BOOTSTRAP`. It allows unstable features only in the crate that it names, the unwinder.
const BOOTSTRAP: &str = "samara_unwind";

/// The target directory of the kernel's builds, below the build directory. Builds with `RUSTC_BOOTSTRAP` rebuild
/// every procedural macro. In a directory of their own, these builds do not force the hosted tests to build the
/// macros again. Every build in this directory records the compiler's invocations.
pub(crate) const TARGET_DIR: &str = "recorded-build";

/// The target directory of the unwinder's builds for hosted programs: see [`configure_unwinder`].
pub(crate) const UNWINDER_TARGET_DIR: &str = "dwarf";

/// The purpose of a build of the kernel.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Flavor {
    /// The demo of `cargo xtask run`, with fault points compiled into the drivers.
    Demo,
    /// The kernel's own tests.
    Tests,
}

impl Flavor {
    /// Returns the feature of the kernel's package that selects this flavor.
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
    /// The artifacts of all crates of the build.
    pub(crate) artifacts: Vec<Artifact>,
}

/// Adds to a cargo command the arguments and variables that every build or check of the kernel needs.
pub(crate) fn configure(
    workspace: &Workspace,
    command: &mut std::process::Command,
    flavor: Flavor,
) {
    let target = workspace.target(TARGET_DIR);
    // The static checks read the recorded invocations of the compiler. Every build must record them: if a crate were
    // built without the wrapper, it would be up to date in later builds and never get a record.
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
        // In the kernel's own tests, a sum that overflows panics before it can corrupt memory.
        .env(
            "CARGO_PROFILE_RELEASE_OVERFLOW_CHECKS",
            (flavor == Flavor::Tests).to_string(),
        )
        // The section check reads the object files of this build. With LTO these files would contain no code, because
        // code would be generated at link time.
        .env("CARGO_PROFILE_RELEASE_LTO", "off");
}

/// Adds to a cargo command the arguments and variables for a hosted program in which the kernel's unwinder runs beside
/// that of the standard library.
pub(crate) fn configure_unwinder(workspace: &Workspace, command: &mut std::process::Command) {
    command
        .args(["--package", "samara-unwind", "--features", "dwarf"])
        .arg("--target-dir")
        .arg(workspace.target(UNWINDER_TARGET_DIR))
        .env("RUSTC_BOOTSTRAP", BOOTSTRAP);
}

/// Builds the kernel if it is not up to date, and then writes its table of symbols.
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
        problem: format!("cargo reported no executable; check that {PACKAGE} still has its binary"),
    })?;
    write_symbols(&elf, workspace.root())?;
    Ok(Kernel { elf, artifacts })
}

/// Returns the path of the symbol table of the kernel in `elf`. The loader passes the table to the kernel as a module.
pub(crate) fn symbols(elf: &Path) -> PathBuf {
    elf.with_extension("symbols")
}

/// The number of zero bytes after the table of symbols. QEMU places the module directly below the memory that it
/// plans for the firmware's tables. But these tables begin a little lower, so they overwrite the last bytes of the
/// module.
const MODULE_TAIL: usize = 8192;

/// Writes the table of symbols of the kernel in `elf`.
fn write_symbols(elf: &Path, root: &Path) -> Result<(), GuestError> {
    let mut table = Symbols::load(elf, root)?.table();
    table.resize(table.len() + MODULE_TAIL, 0);
    let path = symbols(elf);
    fs::write(&path, table).map_err(|error| GuestError::Symbols {
        path,
        problem: error.to_string(),
    })
}
