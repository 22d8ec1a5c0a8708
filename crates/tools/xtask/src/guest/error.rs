//! Errors of a boot.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::machine::Ending;

/// The reason why a run of the kernel did not succeed.
#[derive(Debug)]
pub(crate) enum GuestError {
    /// The kernel did not stop in time.
    TimedOut { limit: Duration },
    /// The machine stopped, but not because the kernel reported success.
    Ended(Ending),
    /// The kernel reported success but did not print a required message.
    Unsaid { what: &'static str },
    /// The kernel printed lines that begin with `@` but are not messages, or printed a message twice that may occur
    /// once. Each such line was already reported to the user.
    Protocol { problems: usize },
    /// Fields of the result have wrong values. Each was already reported to the user.
    Verdict { fields: usize },
    /// The kernel's file has no usable debug information.
    Symbols { path: PathBuf, problem: String },
}

impl fmt::Display for GuestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GuestError::TimedOut { limit } => write!(
                f,
                "the kernel did not finish within {} s and was stopped; if it only needs longer, give a larger --timeout",
                limit.as_secs()
            ),
            GuestError::Ended(ending) => ending.fmt(f),
            GuestError::Unsaid { what } => write!(
                f,
                "the kernel reported success without {what}; are xtask and the kernel of the same checkout?"
            ),
            GuestError::Protocol { problems } => write!(
                f,
                "{problems} of the kernel's lines were not understood; see above. Are xtask and the kernel of the same checkout?"
            ),
            GuestError::Verdict { fields } => write!(
                f,
                "{fields} field(s) of the result have wrong values; each is named above"
            ),
            GuestError::Symbols { path, problem } => {
                write!(
                    f,
                    "could not read the debug information of {}: {problem}",
                    path.display()
                )
            }
        }
    }
}

impl std::error::Error for GuestError {}
