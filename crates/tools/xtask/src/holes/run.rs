//! One run of a mode of the machine, or of a test, within a time limit.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use super::{HoleError, Tree};
use crate::error::Error;
use samara_process::{Job, ProcessError};

/// Longest that a mode or a test may take without any hole.
pub(super) const WHOLE: Duration = Duration::from_secs(15 * 60);

/// Longer than it takes without a hole, by this factor and this much, it hangs.
const SLOWER: u32 = 5;
const SLACK: Duration = Duration::from_secs(30);

/// A program of tests, and one of them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Run {
    pub(super) program: PathBuf,
    /// Its package's.
    pub(super) folder: PathBuf,
    pub(super) test: String,
    /// What it took without a hole.
    pub(super) took: Duration,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Ended {
    Passed,
    /// It failed, or its process died.
    Failed,
    /// It did not end where it would have without the hole.
    Hung,
}

/// What a run came to.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    /// The mode or the test.
    pub(super) test: String,
    pub(super) ended: Ended,
    pub(super) took: Duration,
    /// How many steps it said that it had taken.
    pub(super) steps: Option<u64>,
}

impl Outcome {
    /// Whether the hole was found.
    pub(super) fn found(&self) -> bool {
        self.ended != Ended::Passed
    }
}

impl Run {
    /// Runs it for `limit` at most, with its output in `log`.
    pub(super) fn start(
        &self,
        log: &Path,
        steps: Option<u64>,
        limit: Duration,
    ) -> Result<Outcome, Error> {
        let output = File::create(log).map_err(Error::io("create", log))?;
        let errors = output.try_clone().map_err(Error::io("use", log))?;
        let mut command = Command::new(&self.program);
        command
            .current_dir(&self.folder)
            .args([self.test.as_str(), "--exact", "--nocapture"])
            .env("RUST_BACKTRACE", "0")
            // That it fails is enough.
            .env("SAMARA_MACHINE_SHORTEST", "0")
            .stdout(output)
            .stderr(errors);
        if let Some(steps) = steps {
            command.env("SAMARA_MACHINE_STEPS", steps.to_string());
        }
        let began = Instant::now();
        let ended = match Job::new(&self.test, command, limit).run() {
            Ok(()) => Ended::Passed,
            Err(ProcessError::Failed { .. }) => Ended::Failed,
            Err(ProcessError::TimedOut { .. }) => Ended::Hung,
            Err(error) => return Err(error.into()),
        };
        let took = began.elapsed();
        let said = fs::read(log).map_err(Error::io("read", log))?;
        Ok(Outcome {
            test: self.test.clone(),
            ended,
            took,
            steps: steps_taken(&String::from_utf8_lossy(&said)),
        })
    }

    /// Runs it without a hole: it must pass, and then it's known what it takes.
    pub(super) fn measure(&mut self, tree: &Tree, steps: Option<u64>) -> Result<(), Error> {
        let log = tree.log(&format!("without/{}", self.test));
        let outcome = self.start(&log, steps, WHOLE)?;
        if outcome.found() {
            return Err(HoleError::UnsoundBaseline {
                what: self.test.clone(),
                log: log.display().to_string(),
            }
            .into());
        }
        self.took = outcome.took;
        Ok(())
    }

    /// When it would have ended without a hole, and more.
    pub(super) fn limit(&self) -> Duration {
        self.took.saturating_mul(SLOWER).saturating_add(SLACK)
    }
}

/// The steps that a mode of the machine has taken by its own words, the last that it said: `after N steps`.
fn steps_taken(output: &str) -> Option<u64> {
    let mut told = output.lines().filter_map(|line| {
        let (_, rest) = line.split_once("after ")?;
        let (number, rest) = rest.split_once(' ')?;
        rest.starts_with("steps").then(|| number.parse().ok())?
    });
    told.next_back()
}

#[cfg(test)]
mod tests {
    use super::steps_taken;

    #[test]
    fn the_last_count_of_steps_is_taken() {
        let output =
            "alone: 100 steps\nfailed after 12 steps, seed 1\nafter 7 steps: x\nafter all\n";
        assert_eq!(steps_taken(output), Some(7));
        assert_eq!(steps_taken("after some steps"), None);
    }
}
