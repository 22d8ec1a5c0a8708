//! `cargo xtask test-emulator`: the 82599 model against drivers that nobody here wrote.

use std::process::Command;

use crate::cargo::{LIMIT, cargo};
use crate::error::Error;
use crate::process::Job;
use crate::progress::step;
use crate::workspace::Workspace;

/// The package, and the program in it that runs the witnesses.
const PACKAGE: &str = "samara-ixgbe-emulator";
const CHECK: &str = "release/ixgbe-linux-check";

/// Builds the model and runs its witnesses: unmodified Linux and iPXE under a QEMU that attaches it.
pub(super) fn run(workspace: &Workspace) -> Result<(), Error> {
    step("building the 82599 model");
    let mut build = cargo(workspace, "build");
    build.args(["--release", "--package", PACKAGE]);
    Job::new("building the 82599 model", build, LIMIT).run()?;
    step("Linux and iPXE on the model (the first time some 150 MB are fetched)");
    let mut check = Command::new(workspace.target(CHECK));
    check.current_dir(workspace.root());
    Job::new("the check of the 82599 model", check, LIMIT).run()
}
