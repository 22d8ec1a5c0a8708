//! Errors because of which the server cannot offer the device.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// Errors that end the program.
#[derive(Debug)]
#[non_exhaustive]
pub(crate) enum ServerError {
    /// Another server listens on the socket.
    InUse(PathBuf),
    /// There is a file at the socket's path that is not a socket.
    NoSocket(PathBuf),
    /// A socket from an earlier run cannot be removed.
    Remove(PathBuf, io::Error),
    /// The VMM's socket cannot be created.
    Listen(PathBuf, io::Error),
    /// The VMM's socket no longer takes connections.
    Accept(io::Error),
    /// The link's socket cannot be created.
    Link(PathBuf, io::Error),
    /// The capture file cannot be created.
    Capture(PathBuf, io::Error),
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ServerError::InUse(path) => write!(
                f,
                "{}: another server listens there; stop it or name another socket",
                path.display()
            ),
            ServerError::NoSocket(path) => write!(
                f,
                "{}: this is no socket; name another place for one",
                path.display()
            ),
            ServerError::Remove(path, error) => write!(
                f,
                "{}: cannot remove the socket of an earlier run: {error}; remove it or name \
                 another socket",
                path.display()
            ),
            ServerError::Listen(path, error) => write!(
                f,
                "{}: cannot listen: {error}; name a --socket in a directory you may write to",
                path.display()
            ),
            ServerError::Accept(error) => {
                write!(f, "no more connections can be taken: {error}; start again")
            }
            ServerError::Link(path, error) => write!(
                f,
                "{}: cannot set up the link: {error}; name another socket with --link",
                path.display()
            ),
            ServerError::Capture(path, error) => write!(
                f,
                "{}: cannot write the capture: {error}; name another file with --pcap",
                path.display()
            ),
        }
    }
}

impl std::error::Error for ServerError {}
