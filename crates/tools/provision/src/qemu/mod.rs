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

/// The Debian package of the program.
const PACKAGE: &str = "qemu-system-x86";

/// A QEMU, found by this crate or named by the caller.
#[derive(Clone, Debug)]
pub struct Qemu {
    program: PathBuf,
    /// The arguments that come before all others.
    leading: Vec<OsString>,
    /// The environment variables that it needs.
    environment: Vec<(&'static str, OsString)>,
}

impl Qemu {
    /// Makes a `Qemu` of a program that takes QEMU's arguments after the arguments `leading`. This function does not
    /// check that the program starts.
    #[must_use]
    pub fn unseen(program: PathBuf, leading: Vec<OsString>) -> Self {
        Qemu {
            leading,
            ..Self::plain(program)
        }
    }

    /// Makes a `Qemu` without leading arguments and environment.
    fn plain(program: PathBuf) -> Self {
        Qemu {
            program,
            leading: Vec::new(),
            environment: Vec::new(),
        }
    }

    /// Finds QEMU. If there is none, installs it or unpacks it below `home`.
    ///
    /// # Errors
    /// If QEMU is missing and can be neither installed nor unpacked, or if it does not start. The message ends with
    /// the command that the user should type.
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

    /// Returns the command that starts QEMU. The caller adds the machine's arguments.
    #[must_use]
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(&self.leading)
            .envs(self.environment.iter().map(|(name, value)| (name, value)));
        // `cargo run` sets this variable to the compiler's libraries, which QEMU must not load.
        command.env_remove("LD_LIBRARY_PATH");
        command
    }

    /// Asks QEMU for its version and prints that. So if QEMU does not start, the user learns it here, and not from a
    /// boot that seems to fail in the kernel.
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
        note(first.unwrap_or("a QEMU that does not print its version"));
        Ok(())
    }
}
