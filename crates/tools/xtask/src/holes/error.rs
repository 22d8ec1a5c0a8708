//! Errors of the holes' files and of the suites that look for holes.

use std::fmt;

use super::edit::Misfit;

/// The reason why a hole cannot be put back or looked for.
#[derive(Debug)]
pub(crate) enum HoleError {
    /// No hole and no kind of holes has this name.
    Unknown {
        /// The name on the command line.
        name: String,
    },
    /// The machine has no mode of this name.
    NoMode {
        /// The name on the command line.
        mode: String,
    },
    /// A hole's file is malformed.
    Malformed {
        /// The file, below the workspace's root.
        file: String,
        /// The number of the line, from 1.
        line: usize,
        /// A description of the mistake.
        problem: String,
    },
    /// An edit of the hole cannot be applied, because the code has changed.
    NoLongerApplies {
        /// The hole's file, below the workspace's root.
        file: String,
        /// The source file that the edit changes.
        source: String,
        /// The reason why the edit does not fit.
        misfit: Misfit,
    },
    /// After the hole was put back, the copy of the workspace does not compile.
    DoesNotCompile {
        /// The hole's file, below the workspace's root.
        file: String,
    },
    /// A mode or a test fails on the tree without holes.
    UnsoundBaseline {
        /// The name of the mode or test.
        what: String,
        /// The file with its output.
        log: String,
    },
    /// The test that a hole names does not exist.
    NoGuard {
        /// The hole's file, below the workspace's root.
        file: String,
        /// The name of the test.
        test: String,
    },
}

impl fmt::Display for HoleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { name } => write!(
                f,
                "no hole and no kind of holes is called {name}; give the name of a file (without .hole) or of a folder below crates/testing/state-machine/holes or crates/testing/device-state-machine/holes"
            ),
            Self::NoMode { mode } => write!(
                f,
                "the machine has no mode {mode}; give the name of a test in crates/testing/state-machine/tests with --suite machine, or in crates/testing/device-state-machine/tests/machine.rs with --suite devices"
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
                "{file} no longer applies to {source}: {misfit}; rewrite its lines to fit the present code, then check that \
                 the test it names fails with the hole (cargo xtask holes --suite tests NAME)"
            ),
            Self::DoesNotCompile { file } => write!(
                f,
                "with the hole of {file} the workspace does not compile; repair the lines that the file inserts"
            ),
            Self::UnsoundBaseline { what, log } => write!(
                f,
                "{what} does not pass on the tree without holes, so its failure with a hole would prove nothing; repair it first, its output is in {log}"
            ),
            Self::NoGuard { file, test } => write!(
                f,
                "{file} names the test {test}, which does not exist; name the test that guards the rule now"
            ),
        }
    }
}

impl std::error::Error for HoleError {}
