//! A QEMU to which other processes can attach devices, by `vfio-user-pci`. QEMU has this since 10.1.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use samara_process::Job;

use super::{PACKAGE, Qemu, plan};
use crate::error::{ProvisionError, QemuError};
use crate::packages::Packages;

/// The kind of device that QEMU must have.
const DEVICE: &str = "vfio-user-pci";
/// The Debian packages of a QEMU that has the device. They come from the backports of Debian 13. The request has to
/// name that suite, because apt would otherwise prefer the older QEMU of the release.
const PACKAGES: Packages<'_> = Packages {
    names: &["-ttrixie-backports", PACKAGE],
    suites: &["trixie", "trixie-backports"],
    with_dependencies: true,
    size: "40 MB",
};
/// The longest time that a question to QEMU may take.
const LOOK_LIMIT: Duration = Duration::from_secs(60);

impl Qemu {
    /// Finds a QEMU that has `vfio-user-pci`. If the machine's own QEMU lacks it, unpacks that of Debian's backports
    /// below `home`. Installs nothing. If `SAMARA_QEMU` names a QEMU, this function tries only that program.
    ///
    /// # Errors
    /// If no QEMU has it and none can be unpacked. The message ends with the next step.
    pub fn provide_with_vfio_user(home: &Path) -> Result<Self, ProvisionError> {
        let facts = plan::Facts::gather();
        if let plan::Plan::Use(program) = plan::plan(&facts) {
            let qemu = Qemu::plain(program);
            if qemu.has_vfio_user() {
                qemu.announce()?;
                return Ok(qemu);
            }
            if facts.wish.is_some() {
                return Err(
                    qemu.lacks_vfio_user("set SAMARA_QEMU to a QEMU of 10.1 or newer, or unset it")
                );
            }
        }
        let qemu = Qemu::of(&PACKAGES, home)?;
        qemu.announce()?;
        if qemu.has_vfio_user() {
            Ok(qemu)
        } else {
            let advice = format!("remove {} and try again", home.display());
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

    /// Whether this QEMU has the device.
    ///
    /// QEMU is asked for the properties of this device alone. A list of all devices would load every module, and an
    /// unpacked QEMU lacks some modules. QEMU exits with success whether or not it has the device, so its output is
    /// searched.
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
