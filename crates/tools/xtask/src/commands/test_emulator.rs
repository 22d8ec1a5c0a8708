//! `cargo xtask test-emulator`: runs the drivers of other projects on the model of the 82599.

use std::process::Command;

use crate::cargo::{LIMIT, cargo};
use crate::error::Error;
use crate::workspace::Workspace;
use samara_process::Job;
use samara_process::step;

/// The package of the emulator, and that of the program which runs Linux and iPXE on it.
const PACKAGES: [&str; 2] = ["samara-ixgbe-emulator", "samara-ixgbe-linux-check"];
const CHECK: &str = "release/ixgbe-linux-check";

/// Builds the model, and runs unmodified Linux and iPXE in a QEMU to which the model is attached.
pub(super) fn run(workspace: &Workspace) -> Result<(), Error> {
    step("building the 82599 model");
    let mut build = cargo(workspace, "build");
    build.arg("--release");
    for package in PACKAGES {
        build.args(["--package", package]);
    }
    Job::new("building the 82599 model", build, LIMIT).run()?;
    step("Linux and iPXE on the model (the first run fetches some 150 MB)");
    let mut check = Command::new(workspace.target(CHECK));
    check.current_dir(workspace.root());
    Job::new("the check of the 82599 model", check, LIMIT).run()?;
    Ok(())
}
