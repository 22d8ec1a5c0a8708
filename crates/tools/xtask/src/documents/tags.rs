//! Tags: lines in the doc comments of tests that name an invariant or a failure.

use std::collections::BTreeMap;
use std::mem;
use std::path::Path;

use crate::cargo::tracked;
use crate::error::Error;
use crate::workspace::Workspace;

/// The tests by the name of the invariant or failure with which they are tagged. [`collect`](Self::collect) sorts
/// each list.
#[derive(Debug, Default)]
pub(super) struct Tags {
    tests: BTreeMap<String, Vec<Test>>,
    /// A finding for each item that has a tag but is not a test.
    misplaced: Vec<String>,
}

/// A test function, an item with documentation tests, or a whole file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Test {
    /// Whether it is one of the kernel's own tests.
    pub(super) in_kernel: bool,
    /// Its path as the documents show it: `proxy/attacks/budget::name`.
    pub(super) name: String,
}

impl Tags {
    /// Collects the tags of all Rust sources of the workspace.
    pub(super) fn collect(workspace: &Workspace) -> Result<Self, Error> {
        let mut tags = Self::default();
        for path in tracked(workspace, "*.rs")? {
            let text = super::read(&workspace.root().join(&path))?;
            tags.read(&path, &text);
        }
        for tests in tags.tests.values_mut() {
            tests.sort();
            tests.dedup();
        }
        Ok(tags)
    }

    /// Returns the tests that are tagged with `id`.
    pub(super) fn of(&self, id: &str) -> &[Test] {
        self.tests.get(id).map_or(&[], Vec::as_slice)
    }

    /// Returns all names in tags.
    pub(super) fn ids(&self) -> impl Iterator<Item = &str> {
        self.tests.keys().map(String::as_str)
    }

    /// Returns a finding, with its place, for each item that has a tag but is not a test. Such a tag would claim a
    /// test that does not exist.
    pub(super) fn misplaced(&self) -> &[String] {
        &self.misplaced
    }

    /// Adds the tags in `text`, the contents of the file at `path`.
    pub(super) fn read(&mut self, path: &str, text: &str) {
        let mut pending: Vec<String> = Vec::new();
        // Whether the next item is a test: a function with `#[test]`, or an item with a documentation test. A
        // function in the kernel's list of tests is also a test.
        let mut is_test = false;
        let mut in_kernel_tests = false;
        for (number, line) in text.lines().enumerate() {
            in_kernel_tests |= line.starts_with("kernel_tests! {");
            in_kernel_tests &= line != "}";
            let line = line.trim_start();
            let comment = line.trim_start_matches(['/', '!']).trim_start();
            let tag = ["Invariant: ", "Failure: "].iter().find_map(|kind| {
                let is_comment = line.starts_with("//");
                is_comment.then(|| comment.strip_prefix(kind)).flatten()
            });
            if let Some(ids) = tag {
                let ids = ids.trim_end_matches('.').split(", ").map(str::to_owned);
                if line.starts_with("//!") {
                    let test = Test::of(path, None);
                    ids.for_each(|id| self.tests.entry(id).or_default().push(test.clone()));
                } else {
                    pending.extend(ids);
                }
            } else if line.contains("#[test]") || comment.starts_with("```") {
                is_test = true;
            } else if let Some(name) = item(line) {
                let is_test = mem::take(&mut is_test) || in_kernel_tests;
                if !pending.is_empty() && !is_test {
                    let place = format!(
                        "{path}:{}: `{name}` is not a test; move the line to a test",
                        number + 1
                    );
                    self.misplaced.push(place);
                }
                let test = Test::of(path, Some(name));
                for id in pending.drain(..) {
                    self.tests.entry(id).or_default().push(test.clone());
                }
            }
        }
    }
}

/// Returns the name of the item that a line declares. Returns `None` if the line declares no item.
fn item(line: &str) -> Option<&str> {
    let mut words =
        line.split(|character: char| !(character.is_alphanumeric() || character == '_'));
    words.find(|word| {
        matches!(
            *word,
            "fn" | "struct" | "enum" | "trait" | "mod" | "macro_rules" | "type" | "const"
        )
    })?;
    let declared = words.find(|word| !word.is_empty() && *word != "fn")?;
    (!line.starts_with("//") && !line.starts_with('#')).then_some(declared)
}

impl Test {
    /// Makes the test `name` in the file at `path`. Without a name it stands for the whole file.
    fn of(path: &str, name: Option<&str>) -> Self {
        let path = Path::new(path);
        let mut parts: Vec<_> = path
            .with_extension("")
            .iter()
            .map(|part| part.to_string_lossy().into_owned())
            .collect();
        let in_kernel = parts.starts_with(&["examples".into(), "kernel".into()]);
        // The shown path consists of the crate's folder and the place in it. The folders that group crates are left
        // out.
        parts.retain(|part| {
            !matches!(
                part.as_str(),
                "crates"
                    | "examples"
                    | "trusted"
                    | "testing"
                    | "tools"
                    | "api"
                    | "drivers"
                    | "services"
                    | "src"
                    | "tests"
                    | "mod"
                    | "main"
            )
        });
        let mut shown = parts.join("/");
        if let Some(name) = name {
            shown.push_str("::");
            shown.push_str(name);
        }
        Self {
            in_kernel,
            name: shown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Tags, Test};

    fn of(path: &str, text: &str, id: &str) -> Vec<String> {
        let mut tags = Tags::default();
        tags.read(path, text);
        tags.of(id).iter().map(|test| test.name.clone()).collect()
    }

    #[test]
    fn a_tag_belongs_to_the_next_item() {
        let text =
            "/// Why.\n/// Invariant: OWN-1, LIFE-2\n#[test]\nfn first() {}\nfn second() {}\n";
        let path = "crates/trusted/unwind/tests/contract/main.rs";
        assert_eq!(of(path, text, "OWN-1"), ["unwind/contract::first"]);
        assert_eq!(of(path, text, "LIFE-2"), ["unwind/contract::first"]);
    }

    #[test]
    fn a_tag_in_the_head_of_a_file_belongs_to_the_file() {
        let text = "//! Invariant: OWN-1\nfn main() {}\n";
        assert_eq!(
            of("proxy/tests/ui/use/x.rs", text, "OWN-1"),
            ["proxy/ui/use/x"]
        );
    }

    #[test]
    fn a_tag_at_an_item_that_is_no_test_is_found() {
        let mut tags = Tags::default();
        let text = "/// Invariant: OWN-1\nfn init() {}\n/// Invariant: OWN-2\n#[test]\nfn a() {}\n";
        tags.read("proxy/tests/a.rs", text);
        let listed = "kernel_tests! {\n    /// Failure: F-1\n    fn a() {}\n}\n/// Failure: F-2\nfn b() {}\n";
        tags.read("examples/kernel/src/tests/a.rs", listed);
        assert_eq!(
            tags.misplaced(),
            [
                "proxy/tests/a.rs:2: `init` is not a test; move the line to a test",
                "examples/kernel/src/tests/a.rs:6: `b` is not a test; move the line to a test"
            ]
        );
    }

    #[test]
    fn tests_of_the_kernel_are_recognised() {
        let test = Test::of("examples/kernel/src/tests/deaths.rs", Some("a"));
        assert!(test.in_kernel && test.name == "kernel/deaths::a");
    }
}
