//! Checks that each test that `docs/hardware-cases.md` names exists.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Adds the Rust sources under `directory` to `found`, by file name without the extension. Skips build directories,
/// and directories whose names begin with a dot or an underscore.
fn sources(directory: &Path, found: &mut HashMap<String, Vec<PathBuf>>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && !name.starts_with(['.', '_']) && name != "target" {
            sources(&path, found);
        } else if let Some(stem) = name.strip_suffix(".rs") {
            found.entry(stem.to_owned()).or_default().push(path);
        }
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..")
}

/// Returns all sources that may hold a test, by file name without the extension.
fn all_sources() -> HashMap<String, Vec<PathBuf>> {
    let mut files = HashMap::new();
    for part in [
        "shared-heap",
        "rref",
        "domain-runtime",
        "proxy",
        "crates",
        "examples",
    ] {
        sources(&root().join(part), &mut files);
    }
    files
}

/// Returns each file and each test that the row names, each with whether it exists. A row names a file and then tests
/// in that file, up to the next file.
fn tests_of<'row>(row: &'row str, files: &HashMap<String, Vec<PathBuf>>) -> Vec<(&'row str, bool)> {
    let mut places = Vec::new();
    let mut found = Vec::new();
    for token in row.split('`').skip(1).step_by(2) {
        let exists = if let Some(path) = token.strip_suffix(".rs") {
            let stem = path.rsplit('/').next().unwrap_or(path);
            let is_meant = |at: &&PathBuf| at.ends_with(token);
            places = files
                .get(stem)
                .into_iter()
                .flatten()
                .filter(is_meant)
                .collect();
            !places.is_empty()
        } else if token.contains('_') && !token.contains(['=', '/', ' ']) {
            let head = format!("fn {token}(");
            let has = |at: &&PathBuf| fs::read_to_string(at).unwrap().contains(&head);
            places.iter().any(has)
        } else {
            continue;
        };
        found.push((token, exists));
    }
    found
}

#[test]
fn every_hardware_case_names_tests_that_exist() {
    let document = fs::read_to_string(root().join("docs/hardware-cases.md")).unwrap();
    let files = all_sources();
    let rows = document.lines().filter(|line| line.starts_with("| "));
    let cells = rows.filter_map(|row| row.rsplit(" | ").next());
    let mut named = 0;
    for (name, exists) in cells.flat_map(|cell| tests_of(cell, &files)) {
        assert!(
            exists,
            "docs/hardware-cases.md names `{name}`, which does not exist: name the file and then its tests"
        );
        named += usize::from(!name.ends_with(".rs"));
    }
    assert!(
        named > 35,
        "docs/hardware-cases.md names only {named} tests, and this test wants more than 35"
    );
}
