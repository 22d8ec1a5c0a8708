//! A virtual machine: its parts, its run, and its ending.

use std::ffi::OsString;
use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use crate::cli::{Accel, BreakDisk, Drivers, MachineArgs};
use crate::error::Error;
use crate::guest::{Console, GuestError, Report};
use crate::kernel;
use crate::network::{Card, Kind};
use samara_process::{Job, ProcessError};
use samara_provision::qemu::Qemu;

/// A machine that is ready to boot.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    /// The bootable file.
    pub(crate) kernel: PathBuf,
    /// The kernel's command line.
    pub(crate) arguments: String,
    /// Its disk.
    pub(crate) drive: Drive,
    /// The kinds of its disk controller and its network card.
    pub(crate) drivers: Drivers,
    /// Its network card, if it has one.
    pub(crate) card: Option<Card>,
    /// Accelerator and time limit.
    pub(crate) run: MachineArgs,
}

/// The disk of a machine.
#[derive(Clone, Debug)]
pub(crate) enum Drive {
    /// No controller.
    None,
    /// A controller without a namespace. For virtio, no controller.
    Empty,
    /// A controller with a disk whose contents are a file.
    Image {
        path: PathBuf,
        read_only: bool,
        /// Whether QEMU limits the disk to 100,000 bytes a second.
        slow: bool,
    },
}

impl Drive {
    /// Makes the drive with the image at `path`, with the defect that `broken` names.
    pub(crate) fn of(broken: Option<BreakDisk>, path: &Path) -> Self {
        match broken {
            None => Drive::Image {
                path: path.to_owned(),
                read_only: false,
                slow: false,
            },
            Some(BreakDisk::ReadOnly) => Drive::Image {
                path: path.to_owned(),
                read_only: true,
                slow: false,
            },
            Some(BreakDisk::Slow) => Drive::Image {
                path: path.to_owned(),
                read_only: false,
                slow: true,
            },
            Some(BreakDisk::NoNamespace) => Drive::Empty,
            Some(BreakDisk::Absent) => Drive::None,
        }
    }
}

/// The way in which the machine stopped. The kernel writes a code to QEMU's isa-debug-exit device. Then QEMU ends
/// with the status `2 * code + 1`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Ending {
    /// The kernel reported success.
    Success,
    /// The kernel reported a failure.
    Failure,
    /// The machine was reset, as by a triple fault, or powered off.
    Reset,
    /// QEMU could not start the machine, or stopped it because of an error.
    Refused,
    /// QEMU ended with another status. `None` if a signal killed it.
    Other(Option<i32>),
}

/// QEMU's status for the kernel's code 0x10.
const SUCCESS: i32 = 0x10 << 1 | 1;

/// QEMU's status for the kernel's code 0x11.
const FAILURE: i32 = 0x11 << 1 | 1;

impl Machine {
    /// Boots the machine and waits until it has stopped. The kernel's lines for people go to `output`.
    ///
    /// If the machine did not stop in time, the report contains the messages up to that time.
    pub(crate) fn boot(
        &self,
        qemu: &Qemu,
        output: impl Write,
    ) -> Result<(Report, Result<Ending, GuestError>), Error> {
        let limit = Duration::from_secs(self.run.timeout);
        let mut command = qemu.command();
        command.args(self.arguments());
        let listening = self.card.as_ref().map(|card| Arc::clone(&card.listening));
        let mut console = Console::new(output, listening);
        let status =
            Job::new("the virtual machine", command, limit).stream(|line| console.line(line));
        let ending = match status {
            Ok(status) => Ok(Ending::from(status)),
            Err(ProcessError::TimedOut { limit, .. }) => Err(GuestError::TimedOut { limit }),
            Err(error) => return Err(error.into()),
        };
        Ok((console.into_report(), ending))
    }

    fn arguments(&self) -> Vec<OsString> {
        let accel = match self.run.accel {
            Accel::Tcg => "tcg",
            Accel::Kvm => "kvm",
            Accel::Hvf => "hvf",
            Accel::Whpx => "whpx",
        };
        let mut arguments: Vec<OsString> = [
            "-m",
            "512M",
            "-cpu",
            "max",
            "-accel",
            accel,
            "-nodefaults",
            "-no-reboot",
            "-display",
            "none",
            "-monitor",
            "none",
            "-serial",
            "stdio",
            "-device",
            "isa-debug-exit,iobase=0xf4,iosize=0x04",
        ]
        .map(OsString::from)
        .into();
        arguments.extend([
            "-kernel".into(),
            self.kernel.clone().into(),
            "-initrd".into(),
            kernel::symbols(&self.kernel).into(),
            "-append".into(),
            (&self.arguments).into(),
        ]);
        let kind = self.card.as_ref().map(|card| &card.kind);
        let shared = matches!(kind, Some(Kind::Ixgbe(_)));
        arguments.extend(memory(shared).iter().map(OsString::from));
        match kind {
            None => {}
            Some(Kind::Ixgbe(socket)) => arguments.extend(["-device".into(), vfio_user(socket)]),
            Some(Kind::Virtio(cable)) => arguments.extend([
                "-netdev".into(),
                stream(cable),
                "-device".into(),
                "virtio-net-pci,netdev=net0,disable-legacy=on".into(),
            ]),
        }
        if let Drive::Image {
            path,
            read_only,
            slow,
        } = &self.drive
        {
            arguments.extend(["-drive".into(), drive(path, *read_only, *slow)]);
        }
        let controller = match (&self.drive, self.drivers) {
            (Drive::None, _) => None,
            (Drive::Empty, Drivers::Native) => Some("nvme,serial=samara"),
            (Drive::Image { .. }, Drivers::Native) => Some("nvme,serial=samara,drive=disk0"),
            // A virtio controller and its disk are one device, so without a disk there is no controller.
            (Drive::Empty, Drivers::Virtio) => None,
            (Drive::Image { .. }, Drivers::Virtio) => {
                Some("virtio-blk-pci,drive=disk0,disable-legacy=on")
            }
        };
        if let Some(controller) = controller {
            arguments.extend(["-device", controller].map(OsString::from));
        }
        arguments
    }
}

/// Returns the options for the board and its memory. If `shared`, the emulator of a device can map the memory too.
fn memory(shared: bool) -> &'static [&'static str] {
    const OBJECT: &str = "memory-backend-memfd,id=m,size=512M,share=on";
    if shared {
        &["-M", "q35,memory-backend=m", "-object", OBJECT]
    } else {
        &["-M", "q35"]
    }
}

/// Returns the option for a device behind a socket. QEMU takes this option only as JSON.
fn vfio_user(socket: &Path) -> OsString {
    let path = socket.to_string_lossy();
    let path = path.replace('\\', "\\\\").replace('"', "\\\"");
    format!(r#"{{"driver":"vfio-user-pci","socket":{{"path":"{path}","type":"unix"}}}}"#).into()
}

/// Returns the option for a cable that ends at a socket on which the client listens.
fn stream(cable: &Path) -> OsString {
    let mut option = OsString::from("stream,id=net0,server=off,addr.type=unix,addr.path=");
    // In QEMU's options a comma that is part of a value is written twice.
    option.push(cable.to_string_lossy().replace(',', ",,"));
    option
}

/// Returns the option for an image. With `cache=writeback` a flush by the guest reaches the file.
fn drive(path: &Path, read_only: bool, slow: bool) -> OsString {
    let mut option = OsString::from("if=none,id=disk0,format=raw,cache=writeback,readonly=");
    option.push(if read_only { "on" } else { "off" });
    if slow {
        option.push(",throttling.bps-total=100000");
    }
    option.push(",file=");
    // In QEMU's options a comma that is part of a value is written twice.
    option.push(path.to_string_lossy().replace(',', ",,"));
    option
}

impl From<ExitStatus> for Ending {
    fn from(status: ExitStatus) -> Self {
        match status.code() {
            Some(SUCCESS) => Ending::Success,
            Some(FAILURE) => Ending::Failure,
            Some(0) => Ending::Reset,
            Some(1) => Ending::Refused,
            code => Ending::Other(code),
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ending::Success => write!(f, "the kernel reported success"),
            Ending::Failure => write!(f, "the kernel reported a failure; see above"),
            Ending::Reset => {
                write!(
                    f,
                    "the machine was reset or switched off before the kernel reported an outcome; a triple fault resets it"
                )
            }
            Ending::Refused => write!(
                f,
                "QEMU stopped by itself; its message is above. If it is about the accelerator, use --accel tcg"
            ),
            Ending::Other(Some(code)) => write!(
                f,
                "QEMU ended with status {code}, which the kernel never asks for"
            ),
            Ending::Other(None) => write!(f, "QEMU was killed by a signal"),
        }
    }
}

#[cfg(test)]
mod tests;
