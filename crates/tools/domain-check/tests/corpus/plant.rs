//! A small package in one file. Its header:
//!
//! ```text
//! //@ rules: names of all rules that the package breaks
//! //@ says: a part of a finding's message
//! //@ edition: 2021
//! //@ package: a line of [package]
//! //@ manifest: a line at the manifest's end
//! //@ rustflags: compiler flags; the package is then built alone
//! //@ env: NAME=value, a variable for the build; the package is then built alone
//! //@ features: features that cargo's metadata do not contain; the package is then built alone
//! //@ record: removed; or stale (has another digest); or forged (names src/innocent.rs as the compiled file); or
//!             replaced (after the build, src/later.txt replaces the source and keeps its date)
//! //@ oddlink: the same as link, with \n for a new line
//! //@ link: path of a symbolic link -> its target
//! //@ file: path of another file; the following lines are its text, up to the next such line or the end
//! ```

use std::fs;
use std::path::Path;

#[derive(Debug, Default)]
pub(crate) struct Plant {
    /// The package's name, made from the names of the directory and the file.
    pub(crate) name: String,
    pub(crate) rules: Vec<String>,
    pub(crate) says: String,
    pub(crate) rustflags: Option<String>,
    pub(crate) features: Option<String>,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) record: Option<String>,
    edition: Option<String>,
    package: Vec<String>,
    manifest: Vec<String>,
    links: Vec<(String, String)>,
    files: Vec<(String, String)>,
}

impl Plant {
    pub(crate) fn read(path: &Path, prefix: &str) -> Self {
        let stem = path.file_stem().expect("a file").to_string_lossy();
        let mut plant = Plant {
            name: format!("{prefix}{}", stem.replace('_', "-")),
            ..Plant::default()
        };
        let mut file = ("src/lib.rs".to_owned(), String::new());
        for line in fs::read_to_string(path).expect("readable").lines() {
            let Some(header) = line.strip_prefix("//@ ") else {
                file.1.push_str(line);
                file.1.push('\n');
                continue;
            };
            let (key, value) = header.split_once(": ").expect("key and value");
            let value = value.to_owned();
            match key {
                "rules" => plant.rules = value.split(", ").map(str::to_owned).collect(),
                "says" => plant.says = value,
                "edition" => plant.edition = Some(value),
                "package" => plant.package.push(value),
                "manifest" => plant.manifest.push(value),
                "rustflags" => plant.rustflags = Some(value),
                "env" => {
                    let (name, value) = value.split_once('=').expect("a variable");
                    plant.environment.push((name.to_owned(), value.to_owned()));
                }
                "features" => plant.features = Some(value),
                "oddlink" => {
                    let value = value.replace("\\n", "\n");
                    let (from, to) = value.split_once(" -> ").expect("a link");
                    plant.links.push((from.to_owned(), to.to_owned()));
                }
                "record" => plant.record = Some(value),
                "link" => {
                    let (from, to) = value.split_once(" -> ").expect("a link");
                    plant.links.push((from.to_owned(), to.to_owned()));
                }
                "file" => plant
                    .files
                    .push(std::mem::replace(&mut file, (value, String::new()))),
                other => panic!("{}: {other} is no key", path.display()),
            }
        }
        plant.files.push(file);
        plant
    }

    pub(crate) fn builds_alone(&self) -> bool {
        self.rustflags.is_some() || self.features.is_some() || !self.environment.is_empty()
    }

    /// Writes the package below `root`. Unchanged files keep their dates.
    pub(crate) fn write(&self, root: &Path, repository: &Path) {
        let directory = root.join(&self.name);
        let edition = self.edition.as_deref().unwrap_or("2024");
        let repository = repository.to_string_lossy();
        let manifest = format!(
            "[package]\nname = \"{}\"\nversion = \"0.1.0\"\nedition = \"{edition}\"\n{}\n{}\n",
            self.name,
            self.package.join("\n"),
            self.manifest.join("\n"),
        );
        write(
            &directory.join("Cargo.toml"),
            &manifest.replace("{samara}", &repository),
        );
        for (path, text) in &self.files {
            write(&directory.join(path), text);
        }
        #[cfg(unix)]
        for (from, to) in &self.links {
            let from = directory.join(from);
            if from.symlink_metadata().is_err() {
                fs::create_dir_all(from.parent().expect("a directory")).expect("writable");
                std::os::unix::fs::symlink(to, from).expect("writable");
            }
        }
    }
}

/// Writes a file if its contents differ.
pub(crate) fn write(path: &Path, text: &str) {
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return;
    }
    fs::create_dir_all(path.parent().expect("a directory")).expect("writable");
    fs::write(path, text).expect("writable");
}
