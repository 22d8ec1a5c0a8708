//! `cargo xtask bench`: runs the hosted benchmarks.

use crate::cargo::{LIMIT, cargo};
use crate::cli::BenchArgs;
use crate::error::Error;
use crate::kernel;
use crate::workspace::Workspace;
use samara_process::Job;
use samara_process::step;

/// Builds and runs the hosted benchmarks.
pub(super) fn run(workspace: &Workspace, args: &BenchArgs) -> Result<(), Error> {
    step("building and running the benchmarks");
    let mut command = cargo(workspace, "bench");
    command.args(["--package", "samara-benches"]);
    if !args.args.is_empty() {
        command.arg("--").args(&args.args);
    }
    Job::new("the benchmarks", command, LIMIT).run()?;
    // The unwinders' benchmark takes no arguments, so it runs only if the user gives none.
    if !args.args.is_empty() {
        return Ok(());
    }
    let mut command = cargo(workspace, "bench");
    kernel::configure_unwinder(workspace, &mut command);
    command.args(["--bench", "raise"]);
    Job::new("the unwinders' benchmark", command, LIMIT).run()?;
    Ok(())
}
