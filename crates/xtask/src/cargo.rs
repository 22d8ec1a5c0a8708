//! Calling cargo, and reading what it says in JSON.

use std::env;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::error::Error;
use crate::process::Job;
use crate::workspace::Workspace;

/// Longest that one call of cargo may take: a first build on a slow machine with a slow network.
pub(crate) const LIMIT: Duration = Duration::from_secs(40 * 60);

/// The cargo that runs this command, called in the workspace's root.
pub(crate) fn cargo(workspace: &Workspace, subcommand: &str) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(workspace.root()).arg(subcommand);
    command
}

/// One crate that a build produced or found up to date.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Artifact {
    /// Cargo's identifier of the package, as in its metadata.
    pub(crate) package: String,
    /// "lib", "bin", "proc-macro", "custom-build" …
    pub(crate) kinds: Vec<String>,
    /// All files written.
    pub(crate) files: Vec<PathBuf>,
    /// The program, if it is one.
    pub(crate) executable: Option<PathBuf>,
}

/// Builds with `command`, whose diagnostics go to standard error, and lists what was built.
pub(crate) fn build(what: &str, mut command: Command) -> Result<Vec<Artifact>, Error> {
    command.arg("--message-format=json-render-diagnostics");
    let output = Job::new(what, command, LIMIT).capture()?;
    output
        .lines()
        .filter_map(|line| artifact(what, line).transpose())
        .collect()
}

/// The artifact that a line of cargo's JSON tells of, if it does.
fn artifact(what: &str, line: &str) -> Result<Option<Artifact>, Error> {
    // Build scripts and compilers may print lines of their own between cargo's.
    if !line.starts_with('{') {
        return Ok(None);
    }
    let problem = |problem: &str| Error::Output {
        what: what.to_owned(),
        problem: format!("{problem}: {line}"),
    };
    let message: Value = serde_json::from_str(line).map_err(|error| problem(&error.to_string()))?;
    if message["reason"] != "compiler-artifact" {
        return Ok(None);
    }
    let package = message["package_id"]
        .as_str()
        .ok_or_else(|| problem("no package_id"))?
        .to_owned();
    let kinds = strings(&message["target"]["kind"]).collect();
    let files = strings(&message["filenames"]).map(PathBuf::from).collect();
    let executable = message["executable"].as_str().map(PathBuf::from);
    Ok(Some(Artifact {
        package,
        kinds,
        files,
        executable,
    }))
}

/// The strings in a JSON array.
pub(crate) fn strings(value: &Value) -> impl Iterator<Item = String> + '_ {
    value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|item| item.as_str().map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::artifact;

    #[test]
    fn artifacts_are_read_and_other_messages_skipped() {
        let line = r#"{"reason":"compiler-artifact","package_id":"path+file:///w#k@0.1.0",
            "target":{"kind":["bin"],"name":"k"},"filenames":["/t/k"],"executable":"/t/k","fresh":true}"#;
        let found = artifact("x", &line.replace('\n', ""))
            .expect("valid")
            .expect("an artifact");
        assert_eq!(found.package, "path+file:///w#k@0.1.0");
        assert_eq!(found.kinds, ["bin"]);
        assert_eq!(
            found.executable.as_deref(),
            Some(std::path::Path::new("/t/k"))
        );
        assert_eq!(
            artifact("x", r#"{"reason":"build-finished","success":true}"#).expect("valid"),
            None
        );
        assert_eq!(
            artifact("x", "a line of a build script").expect("valid"),
            None
        );
        assert!(artifact("x", "{broken").is_err());
    }
}
