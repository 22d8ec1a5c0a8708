//! The suites of the random machines. They run one mode of a machine after the other.

use std::time::{Duration, Instant};

use super::format::CHECKED;
use super::programs::{tests, uncompiled};
use super::run::{Ended, Outcome, Run};
use super::{Hole, HoleError, Tree};
use crate::error::Error;
use crate::workspace::Workspace;

/// The part of the system that a machine tests, or to which a hole belongs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Of {
    /// The isolation core: domains and objects.
    Core,
    /// Devices and their drivers.
    Devices,
}

impl Of {
    /// Returns the arguments with which cargo builds the tests of the machine. Each test is a mode.
    fn arguments(self) -> [&'static str; 4] {
        match self {
            Self::Core => ["--package", "samara-state-machine", "--test", "*"],
            // The other test program of the package, `surface`, runs rustdoc, which takes long and finds no holes.
            Self::Devices => [
                "--package",
                "samara-device-state-machine",
                "--test",
                "machine",
            ],
        }
    }
}

/// A random machine. Its modes are the tests in the integration tests of its package.
#[derive(Debug)]
pub(crate) struct Machine {
    of: Of,
    modes: Vec<Run>,
    steps: Option<u64>,
}

impl Machine {
    /// Builds the modes of the machine and measures them on `tree`, which must have no hole. If `wanted` is not
    /// empty, only the modes in it are kept. Each mode takes `steps` steps, or as many as in CI if `steps` is `None`.
    /// Fails if a mode does not pass.
    pub(crate) fn measured(
        workspace: &Workspace,
        tree: &Tree,
        of: Of,
        wanted: &[String],
        steps: Option<u64>,
    ) -> Result<Self, Error> {
        let mut modes = modes(workspace, tree, of)?;
        if let Some(mode) = wanted
            .iter()
            .find(|&mode| !modes.iter().any(|run| run.test == *mode))
        {
            return Err(HoleError::NoMode { mode: mode.clone() }.into());
        }
        modes.retain(|run| wanted.is_empty() || wanted.contains(&run.test));
        for mode in &mut modes {
            mode.measure(tree, steps)?;
        }
        // Short modes run first: if they find the hole, the long ones are not needed.
        modes.sort_by_key(|mode| mode.took);
        Ok(Machine { of, modes, steps })
    }

    /// Returns the names of the modes, and how long each took without a hole.
    pub(crate) fn modes(&self) -> impl Iterator<Item = (&str, Duration)> {
        self.modes
            .iter()
            .map(|mode| (mode.test.as_str(), mode.took))
    }

    /// Looks for `hole` with one mode after the other, for at most `limit` in all. The hole must be put into `tree`.
    /// Stops at the first run that finds the hole. So only the last outcome can be that of a run that found it.
    pub(crate) fn look(
        &self,
        workspace: &Workspace,
        tree: &Tree,
        hole: &Hole,
        limit: Duration,
    ) -> Result<Vec<Outcome>, Error> {
        let rebuilt = modes(workspace, tree, self.of).map_err(|error| uncompiled(hole, error))?;
        let end = Instant::now() + limit;
        let mut outcomes = Vec::new();
        for mode in &self.modes {
            let left = end.saturating_duration_since(Instant::now());
            let Some(run) = rebuilt.iter().find(|run| run.test == mode.test) else {
                continue;
            };
            if left.is_zero() {
                break;
            }
            let log = tree.log(&format!("{}/{}", hole.name, mode.test));
            let mut outcome = run.start(&log, self.steps, mode.limit().min(left))?;
            if outcome.ended == Ended::Hung && left < mode.limit() {
                // The run was stopped at the end of `limit`, which came before the mode's own time limit. So the run
                // may not hang at all.
                outcome.ended = Ended::Passed;
            }
            let found = outcome.found();
            outcomes.push(outcome);
            if found {
                break;
            }
        }
        Ok(outcomes)
    }
}

fn modes(workspace: &Workspace, tree: &Tree, of: Of) -> Result<Vec<Run>, Error> {
    tests(workspace, tree, CHECKED, &of.arguments())
}
