//! A QEMU that attaches devices served by other processes: `vfio-user-pci`, in QEMU since 10.1.

use std::process::{Command, Stdio};
use std::time::Duration;

use super::{Qemu, QemuError, plan, private};
use crate::error::Error;
use crate::process::Job;
use crate::progress::step;
use crate::workspace::Workspace;

/// The device that it must have.
const DEVICE: &str = "vfio-user-pci";
/// The program of the 82599's model that unpacks a QEMU for its own check. Built with the model.
const PROVIDER: &str = "release/ixgbe-linux-check";
/// Longest that fetching and unpacking may take, and a look at what a QEMU has.
const FETCH_LIMIT: Duration = Duration::from_secs(20 * 60);
const LOOK_LIMIT: Duration = Duration::from_secs(60);

impl Qemu {
    /// Finds a QEMU that has `vfio-user-pci`; where the machine's own has not, unpacks Debian's newest
    /// below the build directory. Installs nothing, and takes no other than one that the user names. The
    /// model is to be built before.
    pub(crate) fn provide_with_vfio_user(workspace: &Workspace) -> Result<Self, Error> {
        // Not provided: one that is to be fetched is fetched in the right version at once.
        let facts = plan::Facts::gather();
        if let plan::Plan::Use(program) = plan::plan(&facts) {
            let qemu = Qemu::plain(program);
            if qemu.has_vfio_user() {
                qemu.announce()?;
                return Ok(qemu);
            }
            if facts.wish.is_some() {
                return Err(QemuError::Unusable {
                    program: qemu.program,
                    problem: format!("it has no {DEVICE}"),
                    advice: "name a QEMU of 10.1 or newer, or none".into(),
                }
                .into());
            }
        }
        step("a QEMU with vfio-user-pci (the first time some 40 MB are fetched)");
        let mut provider = Command::new(workspace.target(PROVIDER));
        provider.current_dir(workspace.root()).arg("--qemu");
        let said = Job::new("fetching a QEMU of 10.1 or newer", provider, FETCH_LIMIT).capture()?;
        let qemu = private::started_from(said.trim().as_ref())?;
        qemu.announce()?;
        if qemu.has_vfio_user() {
            Ok(qemu)
        } else {
            Err(Error::Output {
                what: "fetching a QEMU of 10.1 or newer".into(),
                problem: format!("what came has no {DEVICE}; remove {}", said.trim()),
            })
        }
    }

    /// Whether it knows the device. Asked for that one alone: a list of all loads every module, some of
    /// which an unpacked QEMU lacks. It succeeds in either case.
    fn has_vfio_user(&self) -> bool {
        let mut command = self.command();
        command
            .arg("-device")
            .arg(format!("{DEVICE},help"))
            .stderr(Stdio::null());
        let properties = Job::new("asking QEMU for a device", command, LOOK_LIMIT).capture();
        properties.is_ok_and(|text| text.contains(DEVICE))
    }
}
