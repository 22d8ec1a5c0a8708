//! One run of a test within a time limit. The test is a mode of a machine or the guard of a hole.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use super::{HoleError, Tree};
use crate::error::Error;
use samara_process::{Job, ProcessError};

/// The longest time that a mode or a test may take without a hole.
pub(super) const WHOLE: Duration = Duration::from_secs(15 * 60);

/// A run hangs if it takes more than `SLOWER` times the time of the run without a hole, plus `SLACK`.
const SLOWER: u32 = 5;
const SLACK: Duration = Duration::from_secs(30);

/// A test in a test program.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Run {
    pub(super) program: PathBuf,
    /// The folder of its package.
    pub(super) folder: PathBuf,
    pub(super) test: String,
    /// The time that the test took without a hole. Zero until it is measured.
    pub(super) took: Duration,
}

/// The ways in which a run ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Ended {
    Passed,
    /// It failed, or its process died.
    Failed,
    /// It did not end within its time limit and was stopped.
    Hung,
}

/// The outcome of a run.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    /// The name of the mode or of the test.
    pub(super) test: String,
    pub(super) ended: Ended,
    pub(super) took: Duration,
    /// The number of steps that the run reported, if it reported one.
    pub(super) steps: Option<u64>,
}

impl Outcome {
    /// Whether the run found the hole, that is, did not pass.
    pub(super) fn found(&self) -> bool {
        self.ended != Ended::Passed
    }
}

impl Run {
    /// Runs the test for at most `limit`, and writes its output to `log`.
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
            // It is enough to know that the run fails, so the machine does not spend time on shrinking it.
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

    /// Runs the test on `tree`, which must have no hole, and records how long it takes. Fails if it does not pass.
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

    /// Returns the time limit of a run with a hole. A run that takes longer counts as hung.
    pub(super) fn limit(&self) -> Duration {
        self.took.saturating_mul(SLOWER).saturating_add(SLACK)
    }
}

/// Returns the number of steps that a mode of the machine reports in its output as `after N steps`. If there are
/// several reports, the last one counts.
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
