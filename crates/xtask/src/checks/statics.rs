//! A linked-in domain and what it is built from have no writable statics (DESIGN D9): a static
//! survives a restart and would hand the next generation another domain's memory.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Findings, reviewed, sections};
use crate::cargo::{Artifact, LIMIT};
use crate::error::Error;
use crate::metadata::{Metadata, Package};
use crate::process::Job;
use crate::workspace::Workspace;

/// Searches every library that `domain` is linked with, but for the trusted ones; the result names the
/// package of each.
///
/// `artifacts` is the build that the domain is part of, made without LTO.
pub(super) fn check(
    metadata: &Metadata,
    domain: &Package,
    artifacts: &[Artifact],
) -> Result<Vec<(String, Findings)>, Error> {
    let mut results = Vec::new();
    for package in metadata.linked_with(domain) {
        let trusted = reviewed::find(&package.name).is_some_and(|reviewed| reviewed.statics);
        if package.procedural_macro || trusted {
            continue;
        }
        let libraries = libraries(package, artifacts);
        let findings = if !libraries.is_empty() {
            libraries
                .iter()
                .flat_map(|library| search(library, |_| true))
                .collect()
        } else if package.id == domain.id {
            vec![format!("{} is not linked into the kernel", domain.name)]
        } else {
            // A dependency only of some other configuration of the domain.
            continue;
        };
        results.push((package.name.clone(), findings));
    }
    Ok(results)
}

/// Searches the libraries of the compiler that every domain is linked with.
pub(super) fn check_sysroot(workspace: &Workspace) -> Result<Vec<(&'static str, Findings)>, Error> {
    let mut command = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    command
        .current_dir(workspace.root())
        .args(["--print", "target-libdir"]);
    let directory = Job::new("asking rustc for its libraries", command, LIMIT).capture()?;
    let directory = PathBuf::from(directory.trim_end());
    let entries = fs::read_dir(&directory).map_err(Error::io("read", &directory))?;
    let files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    let mut results = Vec::new();
    for name in ["core", "alloc"] {
        let prefix = format!("lib{name}-");
        let is_library = |path: &&PathBuf| {
            let file = path.file_name().unwrap_or_default().to_string_lossy();
            file.starts_with(&prefix) && file.ends_with(".rlib")
        };
        let findings = match files.iter().find(is_library) {
            Some(library) => search(library, |symbol| {
                !reviewed::SYSROOT_STATICS.contains(&(name, symbol))
            }),
            None => vec![format!("there is no lib{name} in {}", directory.display())],
        };
        results.push((name, findings));
    }
    Ok(results)
}

/// The compiled libraries of a package in a build.
fn libraries<'a>(package: &Package, artifacts: &'a [Artifact]) -> Vec<&'a Path> {
    artifacts
        .iter()
        .filter(|artifact| artifact.package == package.id)
        .flat_map(|artifact| &artifact.files)
        .filter(|file| {
            file.extension()
                .is_some_and(|extension| extension == "rlib")
        })
        .map(PathBuf::as_path)
        .collect()
}

/// What is writable in a library, but for memory whose every symbol is not `counted`.
fn search(library: &Path, counted: impl Fn(&str) -> bool) -> Findings {
    match sections::writable(library) {
        Ok(found) => found
            .iter()
            .filter(|writable| {
                writable.symbols.is_empty() || writable.symbols.iter().any(|symbol| counted(symbol))
            })
            .map(ToString::to_string)
            .collect(),
        Err(error) => vec![error.to_string()],
    }
}
