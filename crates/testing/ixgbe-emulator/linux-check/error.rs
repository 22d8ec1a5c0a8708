//! Why the check could not be made.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Errors that end the check; a verdict that fails is none.
#[derive(Debug)]
#[non_exhaustive]
pub(crate) enum CheckError {
    /// A file or a program could not be used.
    Io(&'static str, PathBuf, io::Error),
    /// A program failed.
    Program(String),
    /// The packages lack something.
    Missing(String, PathBuf),
    /// The machine's apt names no Debian mirror.
    NoMirror,
}

impl CheckError {
    /// What was being done with which file.
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
            CheckError::Missing(name, tree) => write!(
                f,
                "{name} is not among the packages; remove {} and try again",
                tree.display()
            ),
            CheckError::NoMirror => f.write_str(
                "apt knows no Debian mirror: run this on Debian, with a `deb` source configured",
            ),
        }
    }
}

impl std::error::Error for CheckError {}
