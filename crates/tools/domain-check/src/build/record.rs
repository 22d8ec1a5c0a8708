//! The record of one call of the compiler.

use std::collections::BTreeMap;
use std::env::consts;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::strings;

/// A call of the compiler that made a library.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Invocation {
    /// The compiler.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// The directory in which it was called.
    pub directory: PathBuf,
    /// The environment variables that affected the call: those that cargo sets for the package, those that begin with
    /// `RUST`, and those that the code reads while it is compiled.
    pub environment: BTreeMap<String, String>,
    /// A digest of the library that the call made.
    pub digest: Option<String>,
    /// A digest of each source file, taken right after the call.
    pub sources: BTreeMap<String, String>,
}

/// The reason why there is no valid record of the call that made a library.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum BadRecord {
    /// There is no record file with this name.
    Missing(PathBuf),
    /// The file does not have the form that the wrapper writes.
    Malformed(PathBuf),
    /// The recorded call did not make this library: the digests differ.
    OfAnother(PathBuf),
}

impl fmt::Display for BadRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadRecord::Missing(path) => write!(
                f,
                "there is no record {} of the compiler's invocation",
                path.display()
            ),
            BadRecord::Malformed(path) => write!(f, "the record {} is damaged", path.display()),
            BadRecord::OfAnother(path) => write!(
                f,
                "{} was made by another invocation than the recorded one",
                path.display()
            ),
        }
    }
}

impl std::error::Error for BadRecord {}

impl Invocation {
    /// Whether a variable of the environment may change the output of the compiler and its macros.
    pub(crate) fn is_told(variable: &str) -> bool {
        variable.starts_with("CARGO") || variable.starts_with("RUST")
    }

    /// Whether cargo sets the variable for each package, from its manifest or from the manifest's path. Other
    /// variables that begin with `CARGO` may come from the person who builds, and may be secrets.
    pub(crate) fn is_of_package(variable: &str) -> bool {
        const OTHERS: &[&str] = &[
            "CARGO_CRATE_NAME",
            "CARGO_MANIFEST_DIR",
            "CARGO_MANIFEST_PATH",
            "CARGO_PRIMARY_PACKAGE",
        ];
        const PACKAGE: &[&str] = &[
            "AUTHORS",
            "DESCRIPTION",
            "HOMEPAGE",
            "LICENSE",
            "LICENSE_FILE",
            "NAME",
            "README",
            "REPOSITORY",
            "RUST_VERSION",
            "VERSION",
            "VERSION_MAJOR",
            "VERSION_MINOR",
            "VERSION_PATCH",
            "VERSION_PRE",
        ];
        OTHERS.contains(&variable)
            || variable
                .strip_prefix("CARGO_PKG_")
                .is_some_and(|name| PACKAGE.contains(&name))
    }

    /// Whether a variable of the environment is always recorded.
    pub(crate) fn is_recorded(variable: &str) -> bool {
        variable.starts_with("RUST") || Self::is_of_package(variable)
    }

    /// Returns the record in `records` of the call that made `library`. The library may be a copy whose name lacks
    /// cargo's hash.
    ///
    /// # Errors
    ///
    /// If there is no record, or if another call has made the library since.
    pub fn of(library: &Path, records: &Path) -> Result<Self, BadRecord> {
        let stem = library.file_stem().unwrap_or_default().to_string_lossy();
        let stem = stem.strip_prefix("lib").unwrap_or(&stem);
        // A crate's name has no dash; cargo's hash follows the dash.
        let name = stem.split('-').next().unwrap_or(stem);
        let made = digest(library);
        let mut worst = BadRecord::Missing(records.join(format!("{stem}.json")));
        for entry in fs::read_dir(records).into_iter().flatten().flatten() {
            let path = entry.path();
            let record = path.file_stem().unwrap_or_default().to_string_lossy();
            if record.split('-').next() != Some(name) {
                continue;
            }
            match Self::read(&path) {
                Some(invocation) if invocation.digest.is_some() && invocation.digest == made => {
                    return Ok(invocation);
                }
                Some(_) => worst = BadRecord::OfAnother(library.to_owned()),
                None => worst = BadRecord::Malformed(path),
            }
        }
        Err(worst)
    }

    fn read(path: &Path) -> Option<Self> {
        let text = fs::read_to_string(path).ok()?;
        Self::from_json(&serde_json::from_str(&text).ok()?)
    }

    /// Returns the path in `records` of this call's own record. Returns nothing if the call names no crate.
    pub(crate) fn path(&self, records: &Path) -> Option<PathBuf> {
        let name = self.value("--crate-name")?;
        let extra = self.codegen("extra-filename").unwrap_or_default();
        Some(records.join(format!("{name}{extra}.json")))
    }

    /// Returns the path of the library that this call makes. For a procedural macro it is the dynamic library that
    /// the compiler loads.
    pub(crate) fn library(&self) -> Option<PathBuf> {
        match self.value("--crate-type") {
            Some("proc-macro") => self.output(consts::DLL_PREFIX, consts::DLL_EXTENSION),
            _ => self.output("lib", "rlib"),
        }
    }

    /// Returns the path of the file in which this call lists the files and the environment variables that it has
    /// read.
    pub(crate) fn dep_info(&self) -> Option<PathBuf> {
        self.output("", "d")
    }

    fn output(&self, prefix: &str, extension: &str) -> Option<PathBuf> {
        let name = self.value("--crate-name")?;
        let extra = self.codegen("extra-filename").unwrap_or_default();
        let directory = self.directory.join(self.value("--out-dir")?);
        Some(directory.join(format!("{prefix}{name}{extra}.{extension}")))
    }

    /// Returns the value of the long option `name`.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        let mut arguments = self.arguments.iter();
        while let Some(argument) = arguments.next() {
            match argument.strip_prefix(name) {
                Some("") => return arguments.next().map(String::as_str),
                Some(rest) if rest.starts_with('=') => return Some(&rest[1..]),
                _ => {}
            }
        }
        None
    }

    /// Returns the value of the last `-C name=value`.
    pub(crate) fn codegen(&self, name: &str) -> Option<&str> {
        let pairs = self.arguments.windows(2).filter(|pair| pair[0] == "-C");
        let mut values = pairs.filter_map(|pair| pair[1].strip_prefix(name)?.strip_prefix('='));
        values.next_back()
    }

    /// Returns the files of the crates that the call names.
    pub(crate) fn externs(&self) -> Vec<PathBuf> {
        let mut arguments = self.arguments.iter();
        let mut files = Vec::new();
        while let Some(argument) = arguments.next() {
            let value = match argument.strip_prefix("--extern") {
                Some("") => arguments.next().map(String::as_str),
                Some(value) => value.strip_prefix('='),
                None => None,
            };
            if let Some((_, path)) = value.and_then(|value| value.split_once('=')) {
                files.push(self.directory.join(path));
            }
        }
        files
    }

    /// Returns the features that are on.
    pub fn features(&self) -> impl Iterator<Item = &str> {
        let pairs = self.arguments.windows(2).filter(|pair| pair[0] == "--cfg");
        pairs.filter_map(|pair| feature(&pair[1]))
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({
            "program": self.program, "arguments": self.arguments, "directory": self.directory,
            "environment": self.environment, "digest": self.digest, "sources": self.sources,
        })
    }

    fn from_json(value: &Value) -> Option<Self> {
        let map = |value: &Value| -> Option<BTreeMap<String, String>> {
            let pairs = value.as_object()?.iter();
            let pairs = pairs.map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
            pairs.collect()
        };
        Some(Invocation {
            program: value["program"].as_str()?.into(),
            arguments: strings(&value["arguments"]).collect(),
            directory: value["directory"].as_str()?.into(),
            environment: map(&value["environment"])?,
            digest: value["digest"].as_str().map(str::to_owned),
            sources: map(&value["sources"])?,
        })
    }
}

/// Returns the feature that a `--cfg` condition turns on, or `None` if the condition is of another kind.
pub(crate) fn feature(condition: &str) -> Option<&str> {
    let name = condition.strip_prefix("feature=\"")?.strip_suffix('"')?;
    (!name.contains('"')).then_some(name)
}

/// Returns the name of a file in a make rule, without escapes.
pub(crate) fn unescaped(file: &str) -> String {
    file.replace("\\ ", " ")
}

/// Returns a digest of a file's contents: FNV-1a, which tells two builds apart but does not resist an attacker.
pub(crate) fn digest(path: &Path) -> Option<String> {
    let contents = fs::read(path).ok()?;
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for chunk in contents.chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        hash = (hash ^ u64::from_le_bytes(word)).wrapping_mul(0x0100_0000_01b3);
    }
    Some(format!("{hash:016x}-{}", contents.len()))
}
