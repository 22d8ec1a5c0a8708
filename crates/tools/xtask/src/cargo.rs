//! Calls cargo and reads its output in JSON. Also calls git to list the tracked files.

use std::env;
use std::process::Command;
use std::time::Duration;

use samara_domain_check::{Artifact, Metadata};

use crate::error::Error;
use crate::workspace::Workspace;
use samara_process::Job;

/// The longest time for one call of cargo. It suffices for a first build on a slow machine with a slow network.
pub(crate) const LIMIT: Duration = Duration::from_secs(40 * 60);

/// Returns a command that runs `subcommand` in the workspace's root, with the same cargo that started xtask.
pub(crate) fn cargo(workspace: &Workspace, subcommand: &str) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(workspace.root()).arg(subcommand);
    command
}

/// Runs the build `command` and returns the artifacts that it reports. Diagnostics go to standard error.
pub(crate) fn build(what: &str, mut command: Command) -> Result<Vec<Artifact>, Error> {
    command.arg("--message-format=json-render-diagnostics");
    let output = Job::new(what, command, LIMIT).capture()?;
    let artifacts = output.lines().map(Artifact::from_message);
    let artifacts = artifacts.filter_map(Result::transpose);
    artifacts
        .collect::<Result<_, _>>()
        .map_err(|error| Error::Output {
            what: what.into(),
            problem: error.to_string(),
        })
}

/// Returns the paths of the workspace's files that git tracks and that match `pattern`, a pathspec. Tracked files that
/// do not exist on disk are left out.
pub(crate) fn tracked(workspace: &Workspace, pattern: &str) -> Result<Vec<String>, Error> {
    let mut command = Command::new("git");
    command
        .current_dir(workspace.root())
        .args(["ls-files", "-z", "--", pattern]);
    let listed = Job::new("listing the tracked files", command, LIMIT).capture()?;
    let exists = |path: &&str| workspace.root().join(path).is_file();
    let files = listed.split(['\0', '\n']).filter(|path| !path.is_empty());
    Ok(files.filter(exists).map(str::to_owned).collect())
}

/// Returns the output of `cargo metadata` for the workspace.
pub(crate) fn metadata(workspace: &Workspace) -> Result<Metadata, Error> {
    const WHAT: &str = "cargo metadata";
    let mut command = cargo(workspace, "metadata");
    command.args(["--format-version", "1", "--quiet"]);
    let output = Job::new(WHAT, command, LIMIT).capture()?;
    Metadata::from_json(&output).map_err(|error| Error::Output {
        what: WHAT.into(),
        problem: error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::metadata;
    use crate::workspace::Workspace;

    #[test]
    fn this_workspace_is_understood() {
        let metadata = metadata(&Workspace::locate()).expect("cargo can be started");
        let xtask = metadata.member("xtask").expect("xtask is a member");
        assert!(!xtask.published && xtask.library.is_none());
        assert!(
            metadata
                .linked_with(xtask)
                .iter()
                .any(|package| package.name == "samara-testkit")
        );
        assert!(metadata.unpublished().contains(&"xtask"));
        assert!(
            metadata
                .member("samara-rref")
                .expect("the crate is a member")
                .published
        );
        let runtime = metadata
            .member("samara-domain-runtime")
            .expect("the crate is a member");
        assert_eq!(runtime.documented_features, ["contain"]);
        assert!(
            metadata
                .published()
                .iter()
                .any(|package| package.id == runtime.id)
        );
    }
}
