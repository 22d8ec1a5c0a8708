//! How a boot can fail.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::machine::Ending;

/// Why a run of the kernel did not succeed.
#[derive(Debug)]
pub(crate) enum GuestError {
    /// The kernel did not stop in time.
    TimedOut { limit: Duration },
    /// The machine stopped in another way than by the kernel's success.
    Ended(Ending),
    /// The kernel said it succeeded but left something unsaid.
    Unsaid { what: &'static str },
    /// The kernel's lines for this program were not as agreed; each problem was told already.
    Protocol { problems: usize },
    /// A field of the result is not as it should be; each was told already.
    Verdict { fields: usize },
    /// The kernel's file has no usable debug information.
    Symbols { path: PathBuf, problem: String },
}

impl fmt::Display for GuestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GuestError::TimedOut { limit } => write!(
                f,
                "the kernel did not finish within {} s and was stopped; give --timeout a larger number if it only needs longer",
                limit.as_secs()
            ),
            GuestError::Ended(ending) => ending.fmt(f),
            GuestError::Unsaid { what } => write!(
                f,
                "the kernel reported success without {what}; is this command as new as the kernel?"
            ),
            GuestError::Protocol { problems } => write!(
                f,
                "{problems} of the kernel's lines were not understood; see above. Is this command as new as the kernel?"
            ),
            GuestError::Verdict { fields } => write!(
                f,
                "{fields} field(s) of the result are not as they should be"
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
