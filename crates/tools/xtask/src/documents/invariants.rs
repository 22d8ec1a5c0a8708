//! The sections of `docs/invariants.md`. Each invariant has a heading with its name, a statement, and the tests that
//! attack it.

use super::tags::Tags;

/// The beginning of the generated line with the tests.
const TESTS: &str = "- Attacked by: ";
/// The beginning of a line with the reason why no test attacks the invariant.
const NONE: &str = "- Not attacked: ";
/// The beginning of an invariant's heading.
const HEADING: &str = "### ";

/// Returns the names of all invariants in the document.
pub(super) fn ids(text: &str) -> Vec<&str> {
    let headings = text.lines().filter_map(|line| line.strip_prefix(HEADING));
    headings.collect()
}

/// Returns the document with the lists of tests generated from `tags`.
///
/// # Errors
/// If a test names an unknown invariant, if an invariant has neither a test nor a reason, or if it has both.
pub(super) fn with_tests(text: &str, tags: &Tags) -> Result<String, String> {
    let known = ids(text);
    let is_known = |id: &&str| id.starts_with(super::failures::PREFIX) || known.contains(id);
    if let Some(id) = tags.ids().find(|id| !is_known(id)) {
        return Err(format!(
            "a test names the invariant {id}, which has no heading; add the invariant or correct the test's line"
        ));
    }
    let mut generated = String::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        generated.push_str(line);
        generated.push('\n');
        let Some(id) = line.strip_prefix(HEADING) else {
            continue;
        };
        let mut body = Vec::new();
        while let Some(line) = lines.next_if(|line| !line.starts_with('#')) {
            if !line.starts_with(TESTS) {
                body.push(line);
            }
        }
        generated.push_str(body.join("\n").trim_end());
        generated.push('\n');
        let is_excused = body.iter().any(|line| line.starts_with(NONE));
        let tests = tags.of(id).iter().map(|test| format!("`{}`", test.name));
        let tests: Vec<_> = tests.collect();
        match (tests.is_empty(), is_excused) {
            (true, false) => {
                return Err(format!(
                    "no test attacks {id}; add the line `/// Invariant: {id}` to a test that does, or a line `{NONE}` with the reason to the section"
                ));
            }
            (false, true) => {
                return Err(format!(
                    "the section of {id} has a line `{NONE}`, but tests attack the invariant; remove the line"
                ));
            }
            (true, true) => {}
            (false, false) => {
                generated.push_str(TESTS);
                generated.push_str(&tests.join(", "));
                generated.push('\n');
            }
        }
        if lines.peek().is_some() {
            generated.push('\n');
        }
    }
    Ok(generated)
}

#[cfg(test)]
mod tests {
    use super::{Tags, ids, with_tests};

    const TEXT: &str = "# Title\n\n### OWN-1\n\nOne owner.\n\n- Upheld by: `a`.\n- Attacked by: `gone`\n\n## Other\n\n### X-1\n\nNo.\n\n- Not attacked: no way.\n";

    #[test]
    fn lists_name_the_tagged_tests() {
        let mut tags = Tags::default();
        let missing = with_tests(TEXT, &tags).expect_err("OWN-1 has no test");
        assert!(missing.contains("/// Invariant: OWN-1"), "{missing}");
        tags.read("rref/tests/a.rs", "/// Invariant: OWN-1\nfn b() {}");
        let text = with_tests(TEXT, &tags).expect("each invariant has a test or a reason");
        assert_eq!(text, TEXT.replace("gone", "rref/a::b"));
        assert_eq!(ids(&text), ["OWN-1", "X-1"]);
        tags.read("rref/tests/a.rs", "/// Invariant: X-1\nfn c() {}");
        assert!(with_tests(TEXT, &tags).is_err());
    }

    #[test]
    fn a_test_of_an_unknown_invariant_is_found() {
        let mut tags = Tags::default();
        tags.read("rref/tests/a.rs", "/// Invariant: OWN-9\nfn b() {}");
        let unknown = with_tests(TEXT, &tags).expect_err("there is no invariant OWN-9");
        assert!(unknown.contains("OWN-9"), "{unknown}");
    }
}
