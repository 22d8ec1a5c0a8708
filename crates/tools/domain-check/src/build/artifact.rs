//! What cargo says of each crate that it built or found up to date.

use std::env::consts;
use std::fmt;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::record::digest;
use super::strings;

/// One crate that a build produced or found up to date.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Artifact {
    /// Cargo's identifier of the package, as in its metadata.
    pub package: String,
    /// The target's name: with `-` for `_`, the crate's.
    pub target: String,
    /// "lib", "bin", "proc-macro", "custom-build" …
    pub kinds: Vec<String>,
    /// All files written.
    pub files: Vec<PathBuf>,
    /// The program, if it is one.
    pub executable: Option<PathBuf>,
}

/// A line of cargo's that looks like a message and is none.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BadMessage(pub String);

impl fmt::Display for BadMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadMessage {}

impl Artifact {
    /// The artifact that a line of `--message-format=json` tells of, if it does.
    ///
    /// # Errors
    ///
    /// If the line is a message that can't be read.
    pub fn from_message(line: &str) -> Result<Option<Self>, BadMessage> {
        // Build scripts and compilers may print lines of their own between cargo's.
        if !line.starts_with('{') {
            return Ok(None);
        }
        let problem = |problem: &str| BadMessage(format!("{problem}: {line}"));
        let message: Value =
            serde_json::from_str(line).map_err(|error| problem(&error.to_string()))?;
        if message["reason"] != "compiler-artifact" {
            return Ok(None);
        }
        let package = message["package_id"].as_str();
        let package = package.ok_or_else(|| problem("no package_id"))?.to_owned();
        let target = message["target"]["name"].as_str().unwrap_or_default();
        let kinds = strings(&message["target"]["kind"]).collect();
        let files = strings(&message["filenames"]).map(PathBuf::from).collect();
        let executable = message["executable"].as_str().map(PathBuf::from);
        Ok(Some(Artifact {
            package,
            target: target.to_owned(),
            kinds,
            files,
            executable,
        }))
    }

    /// Whether a file of this contents is among its own: cargo copies what members of the workspace make to
    /// names without its hash, and tells of the copies.
    pub(crate) fn has_copy_of(&self, path: &Path) -> bool {
        let crate_file = format!("lib{}.", self.crate_name());
        let mut copies = self.files.iter().filter(|file| {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with(&crate_file) && file.extension() == path.extension()
        });
        let wanted = digest(path);
        wanted.is_some() && copies.any(|file| digest(file) == wanted)
    }

    /// The name that code calls it by.
    pub(crate) fn crate_name(&self) -> String {
        self.target.replace('-', "_")
    }

    /// Its compiled libraries: usually one.
    pub fn libraries(&self) -> impl Iterator<Item = &Path> {
        let is_library = |file: &&PathBuf| file.extension().is_some_and(|end| end == "rlib");
        self.files.iter().filter(is_library).map(PathBuf::as_path)
    }

    /// What the compiler loads of it, if it is a procedural macro.
    pub(crate) fn macros(&self) -> impl Iterator<Item = &Path> {
        let is_macro = self.kinds.iter().any(|kind| kind == "proc-macro");
        let files = self.files.iter().filter(move |_| is_macro);
        let is_loaded = |file: &&PathBuf| {
            file.extension()
                .is_some_and(|end| end == consts::DLL_EXTENSION)
        };
        files.filter(is_loaded).map(PathBuf::as_path)
    }
}

#[cfg(test)]
mod tests {
    use super::Artifact;

    #[test]
    fn artifacts_are_read_and_other_messages_skipped() {
        let line = r#"{"reason":"compiler-artifact","package_id":"path+file:///w#k@0.1.0",
            "target":{"kind":["bin"],"name":"k"},"filenames":["/t/k"],"executable":"/t/k","fresh":true}"#;
        let found = Artifact::from_message(&line.replace('\n', ""))
            .expect("valid")
            .expect("an artifact");
        assert_eq!(found.package, "path+file:///w#k@0.1.0");
        assert_eq!(found.kinds, ["bin"]);
        assert_eq!(
            found.executable.as_deref(),
            Some(std::path::Path::new("/t/k"))
        );
        let finished = r#"{"reason":"build-finished","success":true}"#;
        assert_eq!(Artifact::from_message(finished), Ok(None));
        let other = "a line of a build script";
        assert_eq!(Artifact::from_message(other), Ok(None));
        assert!(Artifact::from_message("{broken").is_err());
    }
}
