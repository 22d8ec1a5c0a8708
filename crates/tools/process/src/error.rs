//! Errors of running a program.

use std::fmt;
use std::io;
use std::process::ExitStatus;
use std::time::Duration;

/// An error of running a program.
#[derive(Debug)]
#[non_exhaustive]
pub enum ProcessError {
    /// The program could not be started.
    Start {
        /// The program's name.
        program: String,
        /// The system's reason.
        source: io::Error,
    },
    /// The program ended with a failure. It has printed the reason itself.
    Failed {
        /// The name of the job.
        what: String,
        /// Its status.
        status: ExitStatus,
    },
    /// The program did not end in time and was stopped.
    TimedOut {
        /// The name of the job.
        what: String,
        /// Its time limit.
        limit: Duration,
    },
}

impl fmt::Display for ProcessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProcessError::Start { program, source } => write!(
                f,
                "could not start {program}: {source}; is it installed and on PATH?"
            ),
            ProcessError::Failed { what, status } => {
                write!(f, "{what} failed ({status}); its messages are above")
            }
            ProcessError::TimedOut { what, limit } => write!(
                f,
                "{what} did not end within {} s and was stopped",
                limit.as_secs()
            ),
        }
    }
}

impl std::error::Error for ProcessError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ProcessError::Start { source, .. } => Some(source),
            _ => None,
        }
    }
}
