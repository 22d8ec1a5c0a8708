//! A QEMU that attaches devices served by other processes: `vfio-user-pci`, in QEMU since 10.1.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use samara_process::Job;

use super::{PACKAGE, Qemu, plan};
use crate::error::{ProvisionError, QemuError};
use crate::packages::Packages;

/// The device that it must have.
const DEVICE: &str = "vfio-user-pci";
/// The Debian packages of the first release that has it. The suite is given by name: apt prefers the older QEMU of the release.
const PACKAGES: Packages<'_> = Packages {
    names: &["-ttrixie-backports", PACKAGE],
    suites: &["trixie", "trixie-backports"],
    with_dependencies: true,
    size: "40 MB",
};
/// The longest time that a question to QEMU may take.
const LOOK_LIMIT: Duration = Duration::from_secs(60);

impl Qemu {
    /// Finds a QEMU that has `vfio-user-pci`; where the machine's own has not, unpacks Debian's newest below `home`. Installs
    /// nothing. A QEMU that the user names by `SAMARA_QEMU` is the only one that is tried.
    ///
    /// # Errors
    /// If there is none and none can be brought. The message ends with what to type.
    pub fn provide_with_vfio_user(home: &Path) -> Result<Self, ProvisionError> {
        let facts = plan::Facts::gather();
        if let plan::Plan::Use(program) = plan::plan(&facts) {
            let qemu = Qemu::plain(program);
            if qemu.has_vfio_user() {
                qemu.announce()?;
                return Ok(qemu);
            }
            if facts.wish.is_some() {
                return Err(qemu.lacks_vfio_user("name a QEMU of 10.1 or newer, or none"));
            }
        }
        let qemu = Qemu::of(&PACKAGES, home)?;
        qemu.announce()?;
        if qemu.has_vfio_user() {
            Ok(qemu)
        } else {
            let advice = format!("remove {}", home.display());
            Err(qemu.lacks_vfio_user(&advice))
        }
    }

    fn lacks_vfio_user(self, advice: &str) -> ProvisionError {
        QemuError::Unusable {
            program: self.program,
            problem: format!("it has no {DEVICE}"),
            advice: advice.into(),
        }
        .into()
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
