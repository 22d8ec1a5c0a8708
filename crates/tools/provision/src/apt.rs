//! The machine's own apt.

use std::io;
use std::process::Command;
use std::time::Duration;

use samara_process::{Job, note, step};

use crate::error::ProvisionError;
use crate::qemu::plan::Facts;

/// The longest time that an update of the package lists may take.
pub(crate) const UPDATE_LIMIT: Duration = Duration::from_secs(5 * 60);

/// The longest time that installing or downloading packages may take.
pub(crate) const INSTALL_LIMIT: Duration = Duration::from_secs(20 * 60);

/// Installs a package for the whole machine.
///
/// # Errors
/// If this process may not install packages, or if apt fails.
pub fn install(package: &str) -> Result<(), ProvisionError> {
    let facts = Facts::gather();
    if !(facts.root && facts.apt) {
        return Err(ProvisionError::NotAllowed {
            package: package.into(),
        });
    }
    step(format_args!(
        "installing {package} (apt-get install {package})"
    ));
    let install = || {
        let command = apt_get(&["install", "--yes", "--no-install-recommends", package]);
        Job::new("apt-get install", command, INSTALL_LIMIT).run()
    };
    // The first attempt fails if the package lists are missing or old. In that case this updates the lists and tries
    // again.
    install().or_else(|_| {
        // One unreachable source makes the update fail, but another source may have the package.
        if let Err(error) = Job::new("apt-get update", apt_get(&["update"]), UPDATE_LIMIT).run() {
            note(format_args!("{error}; going on with the present lists"));
        }
        install()
    })?;
    Ok(())
}

/// Returns a command of apt-get that asks no questions and prints to standard error.
pub(crate) fn apt_get(args: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    // If another package manager holds the lock, apt-get waits for at most two minutes.
    command
        .args(["-q", "-o", "DPkg::Lock::Timeout=120"])
        .args(args);
    command
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdout(io::stderr());
    command
}
