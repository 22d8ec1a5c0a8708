//! What looks for holes: the random machine, mode by mode, and the test that guards each.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use super::format::{CHECKED, Guard};
use super::{Hole, HoleError, Tree};
use crate::cargo::{Artifact, build};
use crate::error::Error;
use crate::process::Job;
use crate::workspace::Workspace;

/// Longest that a mode or a test may take without any hole.
const WHOLE: Duration = Duration::from_secs(15 * 60);

/// Longer than it takes without a hole, by this factor and this much, it hangs.
const SLOWER: u32 = 5;
const SLACK: Duration = Duration::from_secs(30);

/// A program of tests, and one of them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Run {
    program: PathBuf,
    package: String,
    test: String,
    /// What it took without a hole.
    took: Duration,
}

/// How a run ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Ended {
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
    pub(crate) test: String,
    pub(crate) ended: Ended,
    pub(crate) took: Duration,
    /// How many steps it said that it had taken.
    pub(crate) steps: Option<u64>,
}

impl Outcome {
    /// Whether the hole was found.
    pub(crate) fn found(&self) -> bool {
        self.ended != Ended::Passed
    }
}

impl Run {
    /// Runs it in `tree` for `limit` at most.
    fn start(
        &self,
        tree: &Tree,
        log: &Path,
        steps: Option<u64>,
        limit: Duration,
    ) -> Result<Outcome, Error> {
        let output = File::create(log).map_err(Error::io("create", log))?;
        let errors = output.try_clone().map_err(Error::io("use", log))?;
        let mut command = Command::new(&self.program);
        command
            .current_dir(tree.path(&self.package))
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
            Err(Error::Failed { .. }) => Ended::Failed,
            Err(Error::TimedOut { .. }) => Ended::Hung,
            Err(error) => return Err(error),
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
    fn measure(&mut self, tree: &Tree, steps: Option<u64>) -> Result<(), Error> {
        let log = tree.log(&format!("without/{}", self.test));
        let outcome = self.start(tree, &log, steps, WHOLE)?;
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
    fn limit(&self) -> Duration {
        self.took.saturating_mul(SLOWER).saturating_add(SLACK)
    }
}

/// The steps that a mode of the machine has taken by its own words, the last that it said: `after N steps`.
fn steps_taken(output: &str) -> Option<u64> {
    let told = output.lines().filter_map(|line| {
        let (_, rest) = line.split_once("after ")?;
        let (number, rest) = rest.split_once(' ')?;
        rest.starts_with("steps").then(|| number.parse().ok())?
    });
    told.last()
}

/// Test programs that `arguments` make cargo build in `tree` by `profile`.
fn programs(
    workspace: &Workspace,
    tree: &Tree,
    profile: &str,
    arguments: &[&str],
) -> Result<Vec<Artifact>, Error> {
    let mut command = tree.cargo(workspace, "test");
    command.args(["--quiet", "--no-run", "--profile", profile]);
    command.args(arguments);
    let artifacts = build("building the tests", command)?;
    Ok(artifacts
        .into_iter()
        .filter(|artifact| artifact.executable.is_some())
        .collect())
}

/// The random machine.
#[derive(Debug)]
pub(crate) struct Machine {
    modes: Vec<Run>,
    steps: Option<u64>,
}

/// Where the machine is.
const PACKAGE: &str = "crates/machine";

impl Machine {
    /// All its modes, which take `steps` each if it is said how many, else as many as in CI. They must pass on
    /// `tree`, which has no hole.
    pub(crate) fn measured(
        workspace: &Workspace,
        tree: &Tree,
        steps: Option<u64>,
    ) -> Result<Self, Error> {
        let mut modes = modes(workspace, tree)?;
        for mode in &mut modes {
            mode.measure(tree, steps)?;
        }
        // What ends soon finds soon.
        modes.sort_by_key(|mode| mode.took);
        Ok(Machine { modes, steps })
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
        let rebuilt = modes(workspace, tree).map_err(|error| uncompiled(hole, error))?;
        let end = Instant::now() + limit;
        let mut outcomes = Vec::new();
        for mode in &self.modes {
            let left = end.saturating_duration_since(Instant::now());
            // By name: a program that was built anew may have another.
            let program = rebuilt.iter().find(|other| other.test == mode.test);
            let Some(program) = program.filter(|_| !left.is_zero()) else {
                continue;
            };
            let log = tree.log(&format!("{}/{}", hole.name, mode.test));
            let mut outcome = program.start(tree, &log, self.steps, mode.limit().min(left))?;
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

/// The machine's modes: the tests of its package's integration tests.
fn modes(workspace: &Workspace, tree: &Tree) -> Result<Vec<Run>, Error> {
    let mut modes = Vec::new();
    for artifact in programs(
        workspace,
        tree,
        CHECKED,
        &["--package", "samara-machine", "--test", "*"],
    )? {
        let Some(program) = artifact.executable else {
            continue;
        };
        let mut list = Command::new(&program);
        list.args(["--list", "--format", "terse"]);
        let listed = Job::new("listing the machine's modes", list, SLACK).capture()?;
        let tests = listed
            .lines()
            .filter_map(|line| line.strip_suffix(": test"));
        modes.extend(tests.map(|test| Run {
            program: program.clone(),
            package: PACKAGE.into(),
            test: test.into(),
            took: Duration::ZERO,
        }));
    }
    Ok(modes)
}

/// The tests that guard holes.
#[derive(Debug)]
pub(crate) struct Tests {
    runs: Vec<(Guard, Run)>,
}

impl Tests {
    /// The guards of `holes`, which must pass on `tree`, which has none.
    pub(crate) fn measured(
        workspace: &Workspace,
        tree: &Tree,
        holes: &[Hole],
    ) -> Result<Self, Error> {
        let mut runs: Vec<(Guard, Run)> = Vec::new();
        for hole in holes {
            if runs.iter().any(|(guard, _)| *guard == hole.guard) {
                continue;
            }
            let mut run = guard(workspace, tree, hole)?;
            run.measure(tree, None)?;
            runs.push((hole.guard.clone(), run));
        }
        Ok(Tests { runs })
    }

    /// Runs the guard of `hole`, which `tree` has.
    pub(crate) fn look(
        &self,
        workspace: &Workspace,
        tree: &Tree,
        hole: &Hole,
    ) -> Result<Outcome, Error> {
        let rebuilt = guard(workspace, tree, hole).map_err(|error| uncompiled(hole, error))?;
        let measured = self.runs.iter().find(|(guard, _)| *guard == hole.guard);
        let limit = measured.map_or(WHOLE, |(_, run)| run.limit());
        let log = tree.log(&format!("{}/guard", hole.name));
        rebuilt.start(tree, &log, None, limit)
    }
}

/// The program that has the guard of `hole`.
fn guard(workspace: &Workspace, tree: &Tree, hole: &Hole) -> Result<Run, Error> {
    let Guard {
        package,
        target,
        test,
        profile,
    } = &hole.guard;
    let mut arguments = vec!["--package", package.as_str()];
    match target {
        Some(target) => arguments.extend(["--test", target]),
        None => arguments.push("--lib"),
    }
    let artifacts = programs(workspace, tree, profile, &arguments)?;
    let program = artifacts
        .into_iter()
        .find_map(|artifact| artifact.executable);
    let missing = || HoleError::NoGuard {
        file: hole.file.clone(),
        test: hole.guard.name(),
    };
    let program = program.ok_or_else(missing)?;
    // A filter that no test passes is no failure of the harness.
    let mut list = Command::new(&program);
    list.args([test.as_str(), "--exact", "--list", "--format", "terse"]);
    let listed = Job::new("listing tests", list, SLACK).capture()?;
    if !listed.lines().any(|line| line == format!("{test}: test")) {
        return Err(missing().into());
    }
    Ok(Run {
        program,
        package: folder(package).into(),
        test: test.clone(),
        took: Duration::ZERO,
    })
}

/// A package's folder, below the workspace's root.
fn folder(package: &str) -> String {
    let short = package.strip_prefix("samara-").unwrap_or(package);
    match short {
        "shared-heap" | "rref" | "domain-runtime" | "proxy" => short.into(),
        _ => format!("crates/{short}"),
    }
}

/// A build that failed with a hole is the hole's fault.
fn uncompiled(hole: &Hole, error: Error) -> Error {
    match error {
        Error::Failed { .. } => HoleError::DoesNotCompile {
            file: hole.file.clone(),
        }
        .into(),
        error => error,
    }
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
