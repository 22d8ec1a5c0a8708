//! What can go wrong in any command. Every message says what to do next.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use crate::disk::DiskError;
use crate::guest::GuestError;
use crate::holes::HoleError;
use crate::qemu::QemuError;

/// Why a command failed.
#[derive(Debug)]
pub(crate) enum Error {
    /// A file could not be used.
    Io {
        doing: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    /// A program could not be started.
    Start { program: String, source: io::Error },
    /// A program ended with a failure of which it told the user itself.
    Failed { what: String, status: ExitStatus },
    /// A program did not end in time and was stopped.
    TimedOut { what: String, limit: Duration },
    /// A program's output was not understood.
    Output { what: String, problem: String },
    /// The disk image.
    Disk(DiskError),
    /// Finding or installing QEMU.
    Qemu(QemuError),
    /// The kernel in the virtual machine.
    Guest(GuestError),
    /// A past hole of the core could not be put back or looked for.
    Hole(HoleError),
    /// Checks that ran to their end and found faults, which were told already.
    Checks { failed: u64, of: String },
}

impl Error {
    /// An I/O error while `doing` something with `path`: "read", "create" and the like.
    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
        move |source| Error::Io {
            doing,
            path: path.to_owned(),
            source,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Io {
                doing,
                path,
                source,
            } => write!(f, "could not {doing} {}: {source}", path.display()),
            Error::Start { program, source } => {
                write!(
                    f,
                    "could not start {program}: {source}; is it installed and on PATH?"
                )
            }
            Error::Failed { what, status } => {
                write!(f, "{what} failed ({status}); its messages are above")
            }
            Error::TimedOut { what, limit } => {
                write!(
                    f,
                    "{what} did not end within {} s and was stopped",
                    limit.as_secs()
                )
            }
            Error::Output { what, problem } => {
                write!(f, "the output of {what} was not understood: {problem}")
            }
            Error::Disk(error) => error.fmt(f),
            Error::Qemu(error) => error.fmt(f),
            Error::Guest(error) => error.fmt(f),
            Error::Hole(error) => error.fmt(f),
            Error::Checks { failed, of } => write!(f, "{failed} of {of} failed; see above"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Io { source, .. } | Error::Start { source, .. } => Some(source),
            Error::Disk(error) => Some(error),
            Error::Qemu(error) => Some(error),
            Error::Guest(error) => Some(error),
            Error::Hole(error) => Some(error),
            _ => None,
        }
    }
}

impl From<DiskError> for Error {
    fn from(error: DiskError) -> Self {
        Error::Disk(error)
    }
}

impl From<QemuError> for Error {
    fn from(error: QemuError) -> Self {
        Error::Qemu(error)
    }
}

impl From<HoleError> for Error {
    fn from(error: HoleError) -> Self {
        Error::Hole(error)
    }
}

impl From<GuestError> for Error {
    fn from(error: GuestError) -> Self {
        Error::Guest(error)
    }
}
