//! Errors of obtaining programs.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use samara_process::ProcessError;

/// A program or a package that could not be obtained.
#[derive(Debug)]
#[non_exhaustive]
pub enum ProvisionError {
    /// A file could not be used.
    Io {
        /// The failed operation, as a verb: "read", "create" and the like.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// Another program failed.
    Process(ProcessError),
    /// This process may not install the package.
    NotAllowed {
        /// The package.
        package: String,
    },
    /// The unpacked packages do not contain the file that is needed.
    Missing {
        /// The file's name.
        name: String,
        /// The directory that was searched.
        tree: PathBuf,
    },
    /// The machine's apt has no source that is a mirror of Debian.
    NoMirror,
    /// There is no usable QEMU.
    Qemu(QemuError),
}

impl ProvisionError {
    /// An I/O error while `doing` something with `path`.
    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io {
            doing,
            path: path.to_owned(),
            source,
        }
    }
}

impl fmt::Display for ProvisionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io {
                doing,
                path,
                source,
            } => write!(f, "could not {doing} {}: {source}", path.display()),
            Self::Process(error) => error.fmt(f),
            Self::NotAllowed { package } => write!(
                f,
                "{package} is missing, and this process may not install it; install it and try again"
            ),
            Self::Missing { name, tree } => write!(
                f,
                "{name} is missing among the unpacked packages; remove {} and try again",
                tree.display()
            ),
            Self::NoMirror => f.write_str(
                "apt has no Debian mirror among its sources; configure a `deb` source of Debian and try again",
            ),
            Self::Qemu(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ProvisionError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            Self::Process(error) => Some(error),
            Self::Qemu(error) => Some(error),
            _ => None,
        }
    }
}

impl From<ProcessError> for ProvisionError {
    fn from(error: ProcessError) -> Self {
        Self::Process(error)
    }
}

impl From<QemuError> for ProvisionError {
    fn from(error: QemuError) -> Self {
        Self::Qemu(error)
    }
}

/// There is no usable QEMU.
#[derive(Debug)]
#[non_exhaustive]
pub enum QemuError {
    /// QEMU is not on PATH, and this program can neither install nor unpack it.
    Missing {
        /// The next step for the user.
        advice: String,
    },
    /// QEMU was found, but it does not start or lacks a device.
    Unusable {
        /// The program.
        program: PathBuf,
        /// The defect.
        problem: String,
        /// The next step for the user.
        advice: String,
    },
    /// QEMU could not be unpacked.
    Provision {
        /// The failure.
        problem: String,
        /// The next step for the user.
        advice: String,
    },
}

impl fmt::Display for QemuError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            QemuError::Missing { advice } => {
                write!(f, "qemu-system-x86_64 is not on PATH; {advice}")
            }
            QemuError::Unusable {
                program,
                problem,
                advice,
            } => {
                write!(
                    f,
                    "{} can't be used: {problem}; {advice}",
                    program.display()
                )
            }
            QemuError::Provision { problem, advice } => {
                write!(
                    f,
                    "no QEMU could be unpacked for this command: {problem}; {advice}"
                )
            }
        }
    }
}

impl std::error::Error for QemuError {}
