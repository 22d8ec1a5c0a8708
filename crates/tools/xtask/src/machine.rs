//! One virtual machine: its parts, its run, and how it ended.

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

/// A machine that is ready to be switched on.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    /// The bootable file.
    pub(crate) kernel: PathBuf,
    /// The kernel's command line.
    pub(crate) arguments: String,
    /// Its disk.
    pub(crate) drive: Drive,
    /// What kind of controller the disk has.
    pub(crate) drivers: Drivers,
    /// Its network card, if it has one.
    pub(crate) card: Option<Card>,
    /// How it is run.
    pub(crate) run: MachineArgs,
}

/// What the machine has for a disk.
#[derive(Clone, Debug)]
pub(crate) enum Drive {
    /// No controller.
    None,
    /// A controller with nothing behind it.
    Empty,
    /// A controller with a namespace of one file.
    Image {
        path: PathBuf,
        read_only: bool,
        /// It is as slow as a driver has to bear.
        slow: bool,
    },
}

impl Drive {
    /// A drive with the image at `path`, without what `broken` takes away.
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

/// How the machine stopped. The kernel writes a code to QEMU's isa-debug-exit device, which ends QEMU
/// with twice the code plus one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Ending {
    /// The kernel reported success.
    Success,
    /// The kernel reported a failure.
    Failure,
    /// The machine was reset, as by a triple fault, or powered off.
    Reset,
    /// QEMU gave up by itself.
    Refused,
    /// Some other status.
    Other(Option<i32>),
}

/// QEMU's status for the kernel's code 0x10.
const SUCCESS: i32 = 0x10 << 1 | 1;

/// QEMU's status for the kernel's code 0x11.
const FAILURE: i32 = 0x11 << 1 | 1;

impl Machine {
    /// Boots, writes what the kernel says for people to `output`, and waits until it has stopped.
    ///
    /// There is a report also of a machine that did not stop in time.
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
            // It has no controller apart from its disk.
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

/// Memory that the process of a device can map too, if there is one.
fn memory(shared: bool) -> &'static [&'static str] {
    const OBJECT: &str = "memory-backend-memfd,id=m,size=512M,share=on";
    if shared {
        &["-M", "q35,memory-backend=m", "-object", OBJECT]
    } else {
        &["-M", "q35"]
    }
}

/// The option for a device behind a socket. QEMU takes it as JSON only.
fn vfio_user(socket: &Path) -> OsString {
    let path = socket.to_string_lossy();
    let path = path.replace('\\', "\\\\").replace('"', "\\\"");
    format!(r#"{{"driver":"vfio-user-pci","socket":{{"path":"{path}","type":"unix"}}}}"#).into()
}

/// The option for a cable that ends at a socket where somebody listens.
fn stream(cable: &Path) -> OsString {
    let mut option = OsString::from("stream,id=net0,server=off,addr.type=unix,addr.path=");
    // In QEMU's options a comma is written twice.
    option.push(cable.to_string_lossy().replace(',', ",,"));
    option
}

/// The option for an image. A flush by the guest reaches the file; nothing is left in QEMU.
fn drive(path: &Path, read_only: bool, slow: bool) -> OsString {
    let mut option = OsString::from("if=none,id=disk0,format=raw,cache=writeback,readonly=");
    option.push(if read_only { "on" } else { "off" });
    if slow {
        option.push(",throttling.bps-total=100000");
    }
    option.push(",file=");
    // In QEMU's options a comma is written twice.
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
                    "the machine was reset or switched off before the kernel was done, as after a triple fault"
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
