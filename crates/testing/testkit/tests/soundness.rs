//! `docs/soundness.md`, `docs/failure-matrix.md` and `docs/hardware-cases.md` name tests: each must exist.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The Rust sources under `directory`, by the name of the file, build directories apart.
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

/// All sources that may hold a test.
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

/// Whether each test that a row names exists. It names a file, and then tests that are in it, until the
/// next file.
fn tests_of<'row>(
    row: &'row str,
    files: &HashMap<String, Vec<PathBuf>>,
    in_kernel: bool,
) -> Vec<(&'row str, bool)> {
    let mut places = Vec::new();
    let mut found = Vec::new();
    for token in row.split('`').skip(1).step_by(2) {
        let exists = if let Some(path) = token.strip_suffix(".rs") {
            let stem = path.rsplit('/').next().unwrap_or(path);
            let is_meant = |at: &&PathBuf| {
                let is_kernels = at.starts_with(root().join("examples/kernel"));
                at.ends_with(token) && is_kernels == in_kernel
            };
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

/// How many of these are tests, all of which must exist.
fn count(document: &str, tests: &[(&str, bool)]) -> usize {
    for (name, exists) in tests {
        assert!(exists, "{document} names `{name}`, which is not there");
    }
    tests
        .iter()
        .filter(|(name, _)| !name.ends_with(".rs"))
        .count()
}

#[test]
fn every_cell_of_the_failure_matrix_names_tests_that_exist() {
    const MATRIX: &str = "docs/failure-matrix.md";
    let document = fs::read_to_string(root().join(MATRIX)).unwrap();
    let files = all_sources();
    let mut named = 0;
    let mut in_kernel = false;
    for line in document.lines() {
        in_kernel |= line == "## In the kernel";
        if line.starts_with("| ") {
            named += count(MATRIX, &tests_of(line, &files, in_kernel));
        }
    }
    assert!(in_kernel && named > 140, "only {named} names were found");
}

#[test]
fn every_hardware_case_names_tests_that_exist() {
    const CASES: &str = "docs/hardware-cases.md";
    let document = fs::read_to_string(root().join(CASES)).unwrap();
    let files = all_sources();
    let rows = document.lines().filter(|line| line.starts_with("| "));
    let tests = rows.filter_map(|row| row.rsplit(" | ").next());
    let named = tests.map(|cell| count(CASES, &tests_of(cell, &files, false)));
    let named: usize = named.sum();
    assert!(named > 35, "only {named} names were found");
}

#[test]
fn every_test_that_the_document_names_exists() {
    let root = root();
    let document = fs::read_to_string(root.join("docs/soundness.md")).unwrap();
    let files = all_sources();
    // What attacks an invariant is the last column of its row.
    let rows = document.lines().filter(|line| line.starts_with("| "));
    let attacks = rows.filter_map(|row| row.trim_end_matches(" |").rsplit(" | ").next());
    let mut named = 0;
    // Every second piece between backticks is code.
    for token in attacks.flat_map(|cell| cell.split('`').skip(1).step_by(2)) {
        let exists = if let Some(rule) = token.strip_prefix("ui/") {
            root.join("proxy/tests/ui")
                .join(format!("{rule}.rs"))
                .exists()
        } else if let Some((file, function)) = token.split_once("::")
            && !function.starts_with('_')
        {
            let head = format!("fn {function}(");
            let has = |path: &PathBuf| fs::read_to_string(path).unwrap().contains(&head);
            files.get(file).is_some_and(|paths| paths.iter().any(has))
        } else {
            continue;
        };
        assert!(
            exists,
            "docs/soundness.md names `{token}`, which is not there"
        );
        named += 1;
    }
    assert!(named > 150, "only {named} names were found");
}
