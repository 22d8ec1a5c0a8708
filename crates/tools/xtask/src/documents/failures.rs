//! The table of `docs/failure-matrix.md`. It has a row for each failure, with the hosted tests and the kernel's tests
//! that cause it.

use super::tags::{Tags, Test};

/// The prefix of a failure's name.
pub(super) const PREFIX: &str = "F-";

/// Returns the document with the lists of tests generated from `tags`. A row has four cells: the name, the failure, the
/// hosted tests, and the kernel's tests.
///
/// # Errors
/// If a failure has no test, or if a test names a failure that has no row.
pub(super) fn with_tests(text: &str, tags: &Tags) -> Result<String, String> {
    let mut known = Vec::new();
    let mut generated = String::new();
    for line in text.lines() {
        let cells: Vec<_> = line
            .split(" | ")
            .map(|cell| cell.trim_matches(['|', ' ']))
            .collect();
        match cells[..] {
            [id, failure, _, _] if id.starts_with(PREFIX) => {
                known.push(id);
                let tests = tags.of(id);
                if tests.is_empty() {
                    return Err(format!(
                        "no test causes {id}; add the line `/// Failure: {id}` to the doc comment of a test that does"
                    ));
                }
                let (hosted, kernel) = (list(tests, false), list(tests, true));
                generated.push_str(&format!("| {id} | {failure} | {hosted} | {kernel} |\n"));
            }
            _ => {
                generated.push_str(line);
                generated.push('\n');
            }
        }
    }
    let is_unknown = |id: &&str| id.starts_with(PREFIX) && !known.contains(id);
    match tags.ids().find(is_unknown) {
        Some(id) => Err(format!(
            "a test names the failure {id}, which has no row; add the row or correct the test's line"
        )),
        None => Ok(generated),
    }
}

fn list(tests: &[Test], in_kernel: bool) -> String {
    let names = tests.iter().filter(|test| test.in_kernel == in_kernel);
    let names: Vec<_> = names.map(|test| format!("`{}`", test.name)).collect();
    if names.is_empty() {
        "none".into()
    } else {
        names.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::{Tags, with_tests};

    #[test]
    fn rows_name_the_tagged_tests() {
        let text = "| name | failure | hosted | kernel |\n|---|---|---|---|\n| F-1 | a panic | old | old |\n";
        let mut tags = Tags::default();
        assert!(with_tests(text, &tags).is_err());
        tags.read("proxy/tests/a.rs", "/// Failure: F-1\nfn b() {}");
        let generated = with_tests(text, &tags).expect("F-1 has a test");
        assert!(
            generated.ends_with("| F-1 | a panic | `proxy/a::b` | none |\n"),
            "{generated}"
        );
        tags.read("proxy/tests/a.rs", "/// Failure: F-2\nfn c() {}");
        assert!(with_tests(text, &tags).is_err());
    }
}
