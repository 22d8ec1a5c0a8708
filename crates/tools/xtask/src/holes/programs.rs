//! Builds test programs in the copy of the workspace, and lists their tests.

use std::process::Command;
use std::time::Duration;

use samara_domain_check::Artifact;

use super::run::Run;
use super::{Hole, HoleError, Tree};
use crate::cargo::build;
use crate::error::Error;
use crate::workspace::Workspace;
use samara_process::{Job, ProcessError};

/// The longest time that a program may take to list its tests.
const LIMIT: Duration = Duration::from_secs(60);

/// Builds test programs in `tree` with `profile`, and returns their tests. `arguments` tell cargo which programs to
/// build.
pub(super) fn tests(
    workspace: &Workspace,
    tree: &Tree,
    profile: &str,
    arguments: &[&str],
) -> Result<Vec<Run>, Error> {
    let mut command = tree.cargo(workspace, "test");
    command.args(["--quiet", "--no-run", "--profile", profile]);
    command.args(arguments);
    let mut all = Vec::new();
    for artifact in build("building the tests", command)? {
        all.extend(tests_of(&artifact)?);
    }
    Ok(all)
}

/// Returns the tests of an artifact. Returns no tests if the artifact is not a program.
fn tests_of(artifact: &Artifact) -> Result<Vec<Run>, Error> {
    // Cargo's identifier of the package contains the package's folder: `path+file:///folder#name@version`.
    let folder = artifact.package.split_once("file://");
    let folder = folder.and_then(|(_, folder)| folder.split_once('#'));
    let (Some(program), Some((folder, _))) = (&artifact.executable, folder) else {
        return Ok(Vec::new());
    };
    let mut list = Command::new(program);
    list.args(["--list", "--format", "terse"]);
    let listed = Job::new("listing tests", list, LIMIT).capture()?;
    let names = listed
        .lines()
        .filter_map(|line| line.strip_suffix(": test"));
    let run = |name: &str| Run {
        program: program.clone(),
        folder: folder.into(),
        test: name.into(),
        took: Duration::ZERO,
    };
    Ok(names.map(run).collect())
}

/// Returns an error that names the file of `hole` if `error` says that the build failed. Returns other errors
/// unchanged.
pub(super) fn uncompiled(hole: &Hole, error: Error) -> Error {
    match error {
        Error::Process(ProcessError::Failed { .. }) => HoleError::DoesNotCompile {
            file: hole.file.clone(),
        }
        .into(),
        error => error,
    }
}
