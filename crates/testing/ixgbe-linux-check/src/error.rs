//! Errors of the check itself.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use samara_provision::ProvisionError;

/// Errors that end the check. A failed verdict is no such error: it is counted, and the check goes on.
#[derive(Debug)]
#[non_exhaustive]
pub(crate) enum CheckError {
    /// A file or a program could not be used.
    Io(&'static str, PathBuf, io::Error),
    /// A program failed.
    Program(String),
    /// The packages or QEMU could not be obtained.
    Provision(ProvisionError),
}

impl CheckError {
    /// Makes the error of an operation on a file.
    pub(crate) fn io(what: &'static str, path: impl AsRef<Path>, error: io::Error) -> Self {
        CheckError::Io(what, path.as_ref().to_owned(), error)
    }
}

impl fmt::Display for CheckError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CheckError::Io(what, path, error) => {
                write!(f, "cannot {what} {}: {error}", path.display())
            }
            CheckError::Program(text) => f.write_str(text),
            CheckError::Provision(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for CheckError {}

impl From<ProvisionError> for CheckError {
    fn from(error: ProvisionError) -> Self {
        CheckError::Provision(error)
    }
}
