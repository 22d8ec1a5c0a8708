//! Installing QEMU for the whole machine, where this process may.

use std::io;
use std::process::Command;
use std::time::Duration;

use super::{PROGRAM, Qemu, QemuError, distro};
use crate::error::Error;
use crate::process::Job;
use crate::progress::{note, step};

/// The package that holds the program.
pub(super) const PACKAGE: &str = "qemu-system-x86";

/// Longest that the package lists may take.
pub(super) const UPDATE_LIMIT: Duration = Duration::from_secs(5 * 60);

/// Longest that the packages may take.
pub(super) const INSTALL_LIMIT: Duration = Duration::from_secs(20 * 60);

/// Installs QEMU from the sources that the machine is set up with.
pub(super) fn install() -> Result<Qemu, Error> {
    step(format_args!(
        "installing QEMU (apt-get install {PACKAGE}); SAMARA_QEMU=private would not install it"
    ));
    // One unreachable source makes an update fail though another may have the package.
    if let Err(error) = Job::new("apt-get update", apt_get(&["update"]), UPDATE_LIMIT).run() {
        note(format_args!("{error}; going on with the lists there are"));
    }
    let command = apt_get(&["install", "--yes", "--no-install-recommends", PACKAGE]);
    Job::new("apt-get install", command, INSTALL_LIMIT)
        .run()
        .map_err(provision)?;
    Ok(Qemu::plain(PROGRAM.into()))
}

/// Installs another package for the whole machine; fails with advice where this process may not.
pub(crate) fn install_package(package: &str) -> Result<(), Error> {
    let plan = super::plan::Facts::gather();
    if !(plan.root && plan.apt) {
        return Err(Error::Output {
            what: format!("looking for {package}"),
            problem: "it is not installed, and this process may not: install it and try again"
                .into(),
        });
    }
    step(format_args!(
        "installing {package} (apt-get install {package})"
    ));
    let install = || {
        let command = apt_get(&["install", "--yes", "--no-install-recommends", package]);
        Job::new("apt-get install", command, INSTALL_LIMIT).run()
    };
    // The lists may be there already; without them nothing is found.
    install().or_else(|_| {
        Job::new("apt-get update", apt_get(&["update"]), UPDATE_LIMIT).run()?;
        install()
    })
}

/// A call of apt-get that asks nothing and reports on standard error.
pub(crate) fn apt_get(args: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    // Another package manager may be at work: wait for it, though not for ever.
    command
        .args(["-q", "-o", "DPkg::Lock::Timeout=120"])
        .args(args);
    command
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdout(io::stderr());
    command
}

/// An error of the installation, with the advice to do it by hand.
pub(super) fn provision(error: Error) -> Error {
    QemuError::Provision {
        problem: error.to_string(),
        advice: distro::advice(),
    }
    .into()
}
