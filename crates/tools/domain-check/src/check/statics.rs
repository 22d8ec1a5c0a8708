//! Checks that a domain and the crates that it is built from have no writable statics
//! (docs/design.md#d9-a-domain-has-no-writable-statics). A static survives a restart, so the next generation would
//! see the state of the previous one.

use std::fs;
use std::path::Path;

use crate::build::{Build, Package};
use crate::finding::{Finding, Findings, Rule};
use crate::review::{Review, names};
use crate::sections;

/// Searches every library that `domain` is linked with, except the trusted ones. The result lists the findings by
/// package. The build must have been made without LTO.
pub(super) fn check(build: &Build, review: &Review, domain: &Package) -> Vec<(String, Findings)> {
    let mut results = Vec::new();
    for package in build.linked_with(domain).packages {
        let reviewed = review.of(package).filter(|_| package.id != domain.id);
        if package.procedural_macro || reviewed.is_some_and(|reviewed| reviewed.statics) {
            continue;
        }
        // If a package has no library in this build, only another configuration depends on it.
        if package.id == domain.id || build.libraries(package).next().is_some() {
            let libraries = build.libraries(package);
            let findings = libraries.flat_map(|library| search(library, |_| true));
            results.push((package.name.clone(), findings.collect()));
        }
    }
    results
}

/// Searches `core` and `alloc`, with which every domain is linked, in the compiler's directory `libraries`.
pub fn check_sysroot(libraries: &Path, review: &Review) -> Vec<(&'static str, Findings)> {
    let entries = fs::read_dir(libraries).into_iter().flatten().flatten();
    let files: Vec<_> = entries.map(|entry| entry.path()).collect();
    let search_crate = |name| {
        let prefix = format!("lib{name}-");
        let library = files.iter().find(|path| {
            let file = path.file_name().unwrap_or_default().to_string_lossy();
            file.starts_with(&prefix) && file.ends_with(".rlib")
        });
        let findings = match library {
            Some(library) => search(library, |symbol| {
                !names(&review.sysroot_statics, &format!("{name}::{symbol}"))
            }),
            None => {
                let what = format!("there is no lib{name} in {}", libraries.display());
                vec![Finding::new(Rule::NotLinked, what)]
            }
        };
        (name, findings)
    };
    ["core", "alloc"].map(search_crate).to_vec()
}

/// Finds writable data in a library. A piece of memory is ignored if it has symbols and `counted` returns false for
/// each of them.
fn search(library: &Path, counted: impl Fn(&str) -> bool) -> Findings {
    let found = match sections::writable(library) {
        Ok(found) => found,
        Err(error) => return vec![Finding::new(Rule::NotUnderstood, error.to_string())],
    };
    let found = found.iter().filter(|writable| {
        writable.symbols.is_empty() || writable.symbols.iter().any(|symbol| counted(symbol))
    });
    found
        .map(|writable| Finding::new(Rule::WritableStatic, writable.to_string()))
        .collect()
}
