//! Errors of the commands.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use samara_process::ProcessError;
use samara_provision::ProvisionError;

use crate::disk::DiskError;
use crate::guest::GuestError;
use crate::holes::HoleError;

/// The reason why a command failed.
#[derive(Debug)]
pub(crate) enum Error {
    /// A file could not be used.
    Io {
        doing: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    /// Another program failed.
    Process(ProcessError),
    /// The thing that `what` names is not as it must be. It may be a program's output, a document, or a part of the
    /// system.
    Output { what: String, problem: String },
    /// The disk image could not be prepared or checked.
    Disk(DiskError),
    /// A program could not be obtained.
    Provision(ProvisionError),
    /// The kernel in the virtual machine failed, or printed wrong messages.
    Guest(GuestError),
    /// A past hole of the core or of devices could not be put back or looked for.
    Hole(HoleError),
    /// `failed` checks found faults. They have already printed their findings.
    Checks { failed: u64, of: String },
}

impl Error {
    /// Returns a function that makes an I/O error. `doing` is a verb for the operation on `path`, such as "read".
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
            Error::Output { what, problem } => {
                write!(f, "{what}: {problem}")
            }
            Error::Disk(error) => error.fmt(f),
            Error::Process(error) => error.fmt(f),
            Error::Provision(error) => error.fmt(f),
            Error::Guest(error) => error.fmt(f),
            Error::Hole(error) => error.fmt(f),
            Error::Checks { failed, of } => write!(f, "{failed} of {of} failed; see above"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Io { source, .. } => Some(source),
            Error::Disk(error) => Some(error),
            Error::Process(error) => Some(error),
            Error::Provision(error) => Some(error),
            Error::Guest(error) => Some(error),
            Error::Hole(error) => Some(error),
            _ => None,
        }
    }
}

impl From<ProcessError> for Error {
    fn from(error: ProcessError) -> Self {
        Error::Process(error)
    }
}

impl From<DiskError> for Error {
    fn from(error: DiskError) -> Self {
        Error::Disk(error)
    }
}

impl From<ProvisionError> for Error {
    fn from(error: ProvisionError) -> Self {
        Error::Provision(error)
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
