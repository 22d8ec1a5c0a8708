//! Cargo's messages about the crates that it built or found up to date.

use std::env::consts;
use std::fmt;
use std::path::{Path, PathBuf};

use cargo_metadata::Message;

use super::record::digest;

/// One crate that a build produced or found up to date.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Artifact {
    /// Cargo's identifier of the package, as in its metadata.
    pub package: String,
    /// The target's name. The crate's name has `_` for each `-`.
    pub target: String,
    /// "lib", "bin", "proc-macro", "custom-build" …
    pub kinds: Vec<String>,
    /// All files that were written.
    pub files: Vec<PathBuf>,
    /// The executable file, if the artifact is a program.
    pub executable: Option<PathBuf>,
}

/// A line of cargo's output that looks like a message but cannot be read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BadMessage(pub String);

impl fmt::Display for BadMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadMessage {}

impl Artifact {
    /// Returns the artifact that a line of `--message-format=json` describes, if it describes one.
    ///
    /// # Errors
    ///
    /// If the line is a message that cannot be read.
    pub fn from_message(line: &str) -> Result<Option<Self>, BadMessage> {
        // Build scripts and compilers may print lines between cargo's messages.
        if !line.starts_with('{') {
            return Ok(None);
        }
        let message: Message =
            serde_json::from_str(line).map_err(|error| BadMessage(format!("{error}: {line}")))?;
        let Message::CompilerArtifact(artifact) = message else {
            return Ok(None);
        };
        Ok(Some(Artifact {
            package: artifact.package_id.repr,
            target: artifact.target.name,
            kinds: artifact
                .target
                .kind
                .iter()
                .map(ToString::to_string)
                .collect(),
            files: artifact.filenames.into_iter().map(PathBuf::from).collect(),
            executable: artifact.executable.map(PathBuf::from),
        }))
    }

    /// Whether one of the artifact's library files has the same contents as `path`. For members of the workspace,
    /// cargo copies each output to a name without cargo's hash, and its messages name the copies.
    pub(crate) fn has_copy_of(&self, path: &Path) -> bool {
        let crate_file = format!("lib{}.", self.crate_name());
        let mut copies = self.files.iter().filter(|file| {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with(&crate_file) && file.extension() == path.extension()
        });
        let wanted = digest(path);
        wanted.is_some() && copies.any(|file| digest(file) == wanted)
    }

    /// Returns the name by which code refers to the crate.
    pub(crate) fn crate_name(&self) -> String {
        self.target.replace('-', "_")
    }

    /// Returns the artifact's compiled libraries: usually one.
    pub fn libraries(&self) -> impl Iterator<Item = &Path> {
        let is_library = |file: &&PathBuf| file.extension().is_some_and(|end| end == "rlib");
        self.files.iter().filter(is_library).map(PathBuf::as_path)
    }

    /// Returns the libraries that the compiler loads, if the artifact is a procedural macro.
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
pub(crate) mod tests {
    use super::Artifact;

    /// Returns cargo's message about an artifact of `package` with this target, kind and file. If `file` is empty,
    /// the message lists no file.
    pub(crate) fn message(package: &str, target: &str, kind: &str, file: &str) -> String {
        let executable = if kind == "bin" {
            format!("\"{file}\"")
        } else {
            "null".into()
        };
        let files = if file.is_empty() {
            String::new()
        } else {
            format!("\"{file}\"")
        };
        format!(
            r#"{{"reason":"compiler-artifact","package_id":"{package}","manifest_path":"/Cargo.toml",
            "target":{{"kind":["{kind}"],"name":"{target}","src_path":"/lib.rs"}},
            "profile":{{"opt_level":"0","debug_assertions":true,"overflow_checks":true,"test":false}},
            "features":[],"filenames":[{files}],"executable":{executable},"fresh":true}}"#
        )
        .replace('\n', "")
    }

    #[test]
    fn artifacts_are_read_and_other_messages_skipped() {
        let line = message("path+file:///w#k@0.1.0", "k", "bin", "/t/k");
        let found = Artifact::from_message(&line)
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
