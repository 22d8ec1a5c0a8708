//! Why there is no QEMU.

use std::fmt;
use std::path::PathBuf;

/// Why there is no usable QEMU. Each message ends with what to type.
#[derive(Debug)]
pub(crate) enum QemuError {
    /// There is none, and this program can't bring one.
    Missing { advice: String },
    /// There is one but it does not start, or lacks something.
    Unusable {
        program: PathBuf,
        problem: String,
        advice: String,
    },
    /// Installing or unpacking one failed.
    Provision { problem: String, advice: String },
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
                    "QEMU is not installed and could not be brought here: {problem}; {advice}"
                )
            }
        }
    }
}

impl std::error::Error for QemuError {}
