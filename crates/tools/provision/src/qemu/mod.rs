//! QEMU: found on PATH, installed, or unpacked below the build directory.

mod advice;
pub(crate) mod plan;
mod unpacked;
mod vfio_user;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use samara_process::{Job, note};

use crate::apt;
use crate::error::{ProvisionError, QemuError};

pub use plan::on_path;

/// The program's name.
const PROGRAM: &str = "qemu-system-x86_64";

/// The Debian package that holds it.
const PACKAGE: &str = "qemu-system-x86";

/// A QEMU that was seen to start.
#[derive(Clone, Debug)]
pub struct Qemu {
    program: PathBuf,
    /// Arguments that come before all others.
    leading: Vec<OsString>,
    /// Environment that it needs.
    environment: Vec<(&'static str, OsString)>,
}

impl Qemu {
    /// A program that takes QEMU's arguments behind `leading`. It is not started to see whether it works.
    #[must_use]
    pub fn unseen(program: PathBuf, leading: Vec<OsString>) -> Self {
        Qemu {
            leading,
            ..Self::plain(program)
        }
    }

    /// One that needs nothing but its own name.
    fn plain(program: PathBuf) -> Self {
        Qemu {
            program,
            leading: Vec::new(),
            environment: Vec::new(),
        }
    }

    /// Finds QEMU, installing it or unpacking it below `home` first where there is none.
    ///
    /// # Errors
    /// If there is none and none can be brought, or it does not start. The message ends with what to type.
    pub fn provide(home: &Path) -> Result<Self, ProvisionError> {
        let facts = plan::Facts::gather();
        let qemu = match plan::plan(&facts) {
            plan::Plan::Use(program) => Qemu::plain(program),
            plan::Plan::Install => match apt::install(PACKAGE) {
                Ok(()) => Qemu::plain(PROGRAM.into()),
                Err(error) => {
                    note(format_args!("{error}; trying without installing"));
                    Qemu::unpacked(home)?
                }
            },
            plan::Plan::Unpack => Qemu::unpacked(home)?,
            plan::Plan::Advise => {
                return Err(QemuError::Missing {
                    advice: advice::advice(),
                }
                .into());
            }
        };
        qemu.announce()?;
        Ok(qemu)
    }

    /// The command to which the machine's arguments are added.
    #[must_use]
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(&self.leading)
            .envs(self.environment.iter().map(|(name, value)| (name, value)));
        // `cargo run` points this to the compiler's libraries, which QEMU must not load.
        command.env_remove("LD_LIBRARY_PATH");
        command
    }

    /// Starts it once, so that a broken QEMU is told from a broken kernel.
    fn announce(&self) -> Result<(), ProvisionError> {
        const LIMIT: Duration = Duration::from_secs(60);
        let mut command = self.command();
        command.arg("--version");
        let version = Job::new("asking QEMU for its version", command, LIMIT).capture();
        let version = version.map_err(|error| QemuError::Unusable {
            program: self.program.clone(),
            problem: error.to_string(),
            advice: advice::advice(),
        })?;
        let first = version.lines().next();
        note(first.unwrap_or("a QEMU that does not tell its version"));
        Ok(())
    }
}
