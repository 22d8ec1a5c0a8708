//! The random machines, mode by mode.

use std::time::{Duration, Instant};

use super::format::CHECKED;
use super::programs::{tests, uncompiled};
use super::run::{Ended, Outcome, Run};
use super::{Hole, HoleError, Tree};
use crate::error::Error;
use crate::workspace::Workspace;

/// What a machine, or a hole, is about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Of {
    /// The isolation core: domains and objects.
    Core,
    /// Devices and their drivers.
    Devices,
}

impl Of {
    /// What has cargo build the tests that are the machine's modes.
    fn arguments(self) -> [&'static str; 4] {
        match self {
            Self::Core => ["--package", "samara-state-machine", "--test", "*"],
            // Its other test asks rustdoc, which takes long and finds nothing.
            Self::Devices => [
                "--package",
                "samara-device-state-machine",
                "--test",
                "machine",
            ],
        }
    }
}

/// Its modes: the tests of its package's integration tests.
#[derive(Debug)]
pub(crate) struct Machine {
    of: Of,
    modes: Vec<Run>,
    steps: Option<u64>,
}

impl Machine {
    /// Its modes, those in `wanted` only if there is any, which take `steps` each if it is said how many, else as
    /// many as in CI. They must pass on `tree`, which has no hole.
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
        // What ends soon finds soon.
        modes.sort_by_key(|mode| mode.took);
        Ok(Machine { of, modes, steps })
    }

    /// The modes, with what each takes.
    pub(crate) fn modes(&self) -> impl Iterator<Item = (&str, Duration)> {
        self.modes
            .iter()
            .map(|mode| (mode.test.as_str(), mode.took))
    }

    /// Looks for `hole`, which `tree` has, for `limit` in all. The last run is the one that found it.
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
                // Stopped before it would have been seen to hang.
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
