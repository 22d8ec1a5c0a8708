//! QEMU: finding one, installing one where there is none, and running the machine.

mod apt;
mod distro;
mod error;
mod machine;
mod plan;
mod private;
mod vfio_user;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::error::Error;
use crate::process::Job;
use crate::progress::note;
use crate::workspace::Workspace;

pub(crate) use self::apt::{apt_get, install_package};
pub(crate) use self::error::QemuError;
pub(crate) use self::machine::{Drive, Ending, Machine};
pub(crate) use self::plan::on_path;
pub(crate) use self::private::{configure as private_apt, packages};

/// The program of which everything here is about.
const PROGRAM: &str = "qemu-system-x86_64";

/// A QEMU that was seen to start.
#[derive(Clone, Debug)]
pub(crate) struct Qemu {
    program: PathBuf,
    /// Arguments that come before all others.
    leading: Vec<OsString>,
    /// Environment that it needs.
    environment: Vec<(&'static str, OsString)>,
}

impl Qemu {
    /// One that needs nothing but its own name.
    fn plain(program: PathBuf) -> Self {
        Qemu {
            program,
            leading: Vec::new(),
            environment: Vec::new(),
        }
    }

    /// Finds QEMU, installing or unpacking it first where there is none.
    pub(crate) fn provide(workspace: &Workspace) -> Result<Self, Error> {
        let facts = plan::Facts::gather();
        let qemu = match plan::plan(&facts) {
            plan::Plan::Use(program) => Qemu::plain(program),
            plan::Plan::Install => apt::install().or_else(|error| {
                note(format_args!("{error}; trying without installing"));
                private::provide(workspace)
            })?,
            plan::Plan::Unpack => private::provide(workspace)?,
            plan::Plan::Advise => {
                return Err(QemuError::Missing {
                    advice: distro::advice(),
                }
                .into());
            }
        };
        qemu.announce()?;
        Ok(qemu)
    }

    /// The command to which the machine's arguments are added.
    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(&self.leading)
            .envs(self.environment.iter().map(|(name, value)| (name, value)));
        // `cargo run` points this to the compiler's libraries, which are no business of QEMU's.
        command.env_remove("LD_LIBRARY_PATH");
        command
    }

    /// Starts it once, so that a broken one is told from a broken kernel.
    fn announce(&self) -> Result<(), Error> {
        let mut command = self.command();
        command.arg("--version");
        let version = Job::new(
            "asking QEMU for its version",
            command,
            Duration::from_secs(60),
        )
        .capture();
        let version = version.map_err(|error| QemuError::Unusable {
            program: self.program.clone(),
            problem: error.to_string(),
            advice: distro::advice(),
        })?;
        note(
            version
                .lines()
                .next()
                .unwrap_or("a QEMU that does not tell its version"),
        );
        Ok(())
    }
}
