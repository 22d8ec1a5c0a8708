//! `cargo xtask test-emulator`: the 82599 model against drivers that nobody here wrote.

use std::process::Command;

use crate::cargo::{LIMIT, cargo};
use crate::error::Error;
use crate::workspace::Workspace;
use samara_process::Job;
use samara_process::step;

/// The emulator, and the program that has the drivers of others run on it.
const PACKAGES: [&str; 2] = ["samara-ixgbe-emulator", "samara-ixgbe-linux-check"];
const CHECK: &str = "release/ixgbe-linux-check";

/// Builds the model and runs its witnesses: unmodified Linux and iPXE under a QEMU that attaches it.
pub(super) fn run(workspace: &Workspace) -> Result<(), Error> {
    step("building the 82599 model");
    let mut build = cargo(workspace, "build");
    build.arg("--release");
    for package in PACKAGES {
        build.args(["--package", package]);
    }
    Job::new("building the 82599 model", build, LIMIT).run()?;
    step("Linux and iPXE on the model (the first time some 150 MB are fetched)");
    let mut check = Command::new(workspace.target(CHECK));
    check.current_dir(workspace.root());
    Job::new("the check of the 82599 model", check, LIMIT).run()?;
    Ok(())
}
