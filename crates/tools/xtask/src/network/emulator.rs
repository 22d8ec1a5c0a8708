//! The emulator of the 82599, as a process.

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

/// The emulator's package.
const PACKAGE: &str = "samara-ixgbe-emulator";
/// The longest time that the emulator may take until it listens.
const START: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(10);

/// A running emulator. It is stopped when this value is dropped.
#[derive(Debug)]
pub(super) struct Model(#[expect(dead_code, reason = "held for its drop")] Background);

/// Builds the emulator.
pub(super) fn build(workspace: &Workspace) -> Result<(), Error> {
    step("building the emulator of the 82599");
    let mut build = cargo(workspace, "build");
    build.args(["--release", "--package", PACKAGE]);
    Job::new("building the emulator of the 82599", build, LIMIT).run()?;
    Ok(())
}

impl Model {
    /// Starts an emulator that waits for QEMU at `socket` and connects its network side to `cable`. Its messages go
    /// into the file `log`.
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
        let process = Job::new("the emulator of the 82599", command, LIMIT).background()?;
        let start = Instant::now();
        while !socket.exists() {
            if start.elapsed() > START {
                return Err(Error::Output {
                    what: "the emulator of the 82599".into(),
                    problem: format!("it did not listen in time; see {}", log.display()),
                });
            }
            thread::sleep(POLL);
        }
        Ok(Model(process))
    }
}
