//! Runs a program of another architecture.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::Error;
use samara_provision::{apt, qemu};

/// The emulator that runs a target's programs.
pub(super) enum Emulator {
    /// The QEMU board of this name, which has a Cortex-M. The program prints and ends through semihosting.
    CortexM(&'static str),
    /// QEMU's user emulation of an architecture. The program makes system calls of Linux.
    User(&'static str),
}

impl Emulator {
    /// Returns the command that runs `program`. Installs the emulator if it is missing and this process is allowed to.
    pub(super) fn command(&self, program: &Path) -> Result<Command, Error> {
        match self {
            // A static program of this machine's own architecture needs no emulator.
            Emulator::User("x86_64") if cfg!(all(target_arch = "x86_64", target_os = "linux")) => {
                Ok(Command::new(program))
            }
            Emulator::User(architecture) => {
                let names = [
                    format!("qemu-{architecture}-static"),
                    format!("qemu-{architecture}"),
                ];
                let mut command = Command::new(find(&names, "qemu-user-static")?);
                command.arg(program);
                Ok(command)
            }
            Emulator::CortexM(machine) => {
                let names = ["qemu-system-arm".to_owned()];
                let mut command = Command::new(find(&names, "qemu-system-arm")?);
                command
                    .args(["-machine", machine, "-display", "none", "-monitor", "none"])
                    .args(["-chardev", "stdio,id=console"])
                    .args([
                        "-semihosting-config",
                        "enable=on,target=native,chardev=console",
                    ])
                    .arg("-kernel")
                    .arg(program);
                Ok(command)
            }
        }
    }
}

/// Returns the first of `names` that is on PATH. If there is none, installs `package` and looks again.
fn find(names: &[String], package: &str) -> Result<PathBuf, Error> {
    let search = || names.iter().find_map(|name| qemu::on_path(name));
    if let Some(program) = search() {
        return Ok(program);
    }
    apt::install(package)?;
    search().ok_or_else(|| Error::Output {
        what: format!("installing {package}"),
        problem: format!("afterwards none of {} is on PATH", names.join(", ")),
    })
}
