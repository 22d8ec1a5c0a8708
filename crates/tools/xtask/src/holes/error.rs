//! What can be wrong with the holes themselves.

use std::fmt;

use super::edit::Misfit;

/// Why a hole can't be put back.
#[derive(Debug)]
pub(crate) enum HoleError {
    /// No hole has a name like that.
    Unknown {
        /// What was asked for.
        name: String,
    },
    /// The machine has no mode of that name.
    NoMode {
        /// What was asked for.
        mode: String,
    },
    /// A hole's file is not understood.
    Malformed {
        /// The file, below the workspace's root.
        file: String,
        /// From 1.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// The code has changed where the hole was.
    NoLongerApplies {
        /// The hole's file, below the workspace's root.
        file: String,
        /// The source that it changes.
        source: String,
        /// How.
        misfit: Misfit,
    },
    /// With the hole put back nothing can be run.
    DoesNotCompile {
        /// The hole's file, below the workspace's root.
        file: String,
    },
    /// What is to find holes fails without one.
    UnsoundBaseline {
        /// The mode or test.
        what: String,
        /// Where its output is.
        log: String,
    },
    /// The test that a hole names is not there.
    NoGuard {
        /// The hole's file, below the workspace's root.
        file: String,
        /// The test.
        test: String,
    },
}

impl fmt::Display for HoleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { name } => write!(
                f,
                "no hole is called {name}; they are the files below crates/testing/state-machine/holes and crates/testing/device-state-machine/holes, or their folders"
            ),
            Self::NoMode { mode } => write!(
                f,
                "no machine has a mode {mode}; they are the tests in crates/testing/state-machine/tests and crates/testing/device-state-machine/tests"
            ),
            Self::Malformed {
                file,
                line,
                problem,
            } => write!(f, "{file}:{line}: {problem}"),
            Self::NoLongerApplies {
                file,
                source,
                misfit,
            } => write!(
                f,
                "{file} no longer applies to {source}: {misfit}; write its lines anew for the code as it is, and \
                 see that the test it names fails with it (cargo xtask holes --suite tests)"
            ),
            Self::DoesNotCompile { file } => write!(
                f,
                "with {file} the workspace does not compile; mend the lines that it inserts"
            ),
            Self::UnsoundBaseline { what, log } => write!(
                f,
                "{what} does not pass on the tree without any hole, so it finds none; its output is in {log}"
            ),
            Self::NoGuard { file, test } => write!(
                f,
                "{file} names the test {test}, which is not there; name the one that guards the rule now"
            ),
        }
    }
}

impl std::error::Error for HoleError {}
