//! `docs/soundness.md` and `docs/failure-matrix.md` name tests: each must exist.

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
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
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

#[test]
fn every_cell_of_the_failure_matrix_names_tests_that_exist() {
    let document = fs::read_to_string(root().join("docs/failure-matrix.md")).unwrap();
    let files = all_sources();
    let mut named = 0;
    let mut in_kernel = false;
    for line in document.lines() {
        in_kernel |= line == "## In the kernel";
        if !line.starts_with("| ") {
            continue;
        }
        // A file, and then tests that are in it, until the next file.
        let mut places = Vec::new();
        for token in line.split('`').skip(1).step_by(2) {
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
                named += 1;
                let head = format!("fn {token}(");
                let has = |at: &&PathBuf| fs::read_to_string(at).unwrap().contains(&head);
                places.iter().any(has)
            } else {
                continue;
            };
            assert!(
                exists,
                "docs/failure-matrix.md names `{token}`, which is not there: {line}"
            );
        }
    }
    assert!(in_kernel && named > 140, "only {named} names were found");
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
