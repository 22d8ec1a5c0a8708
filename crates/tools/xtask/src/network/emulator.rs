//! The model of the 82599, as a process.

use std::fs::File;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use crate::cargo::{LIMIT, cargo};
use crate::error::Error;
use crate::workspace::Workspace;
use samara_process::step;
use samara_process::{Background, Job};

/// The model's package.
const PACKAGE: &str = "samara-ixgbe-emulator";
/// Longest that it may take to listen.
const START: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(10);

/// A running model; it ends with this.
#[derive(Debug)]
pub(super) struct Model(#[expect(dead_code, reason = "held for its drop")] Background);

/// Builds the model and what brings a QEMU for it.
pub(super) fn build(workspace: &Workspace) -> Result<(), Error> {
    step("building the 82599 model");
    let mut build = cargo(workspace, "build");
    build.args(["--release", "--package", PACKAGE]);
    Job::new("building the 82599 model", build, LIMIT).run()?;
    Ok(())
}

impl Model {
    /// Starts one that waits for QEMU at `socket`, its cable plugged in at `cable`.
    pub(super) fn start(
        workspace: &Workspace,
        socket: &Path,
        cable: &Path,
        log: &Path,
    ) -> Result<Self, Error> {
        let mut command = Command::new(workspace.target("release/ixgbe-emulator"));
        let log_file = File::create(log).map_err(Error::io("create", log))?;
        command.arg("--socket").arg(socket).stderr(log_file);
        command
            .arg("--link")
            .arg(format!("stream:{}", cable.display()));
        let process = Job::new("the 82599 model", command, LIMIT).background()?;
        let start = Instant::now();
        while !socket.exists() {
            if start.elapsed() > START {
                return Err(Error::Output {
                    what: "starting the 82599 model".into(),
                    problem: format!("it does not listen; see {}", log.display()),
                });
            }
            thread::sleep(POLL);
        }
        Ok(Model(process))
    }
}
