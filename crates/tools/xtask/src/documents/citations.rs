//! Checks that every invariant that the sources and documents cite exists.

use crate::cargo::tracked;
use crate::error::Error;
use crate::workspace::Workspace;

/// Returns a finding for each citation of an invariant that does not exist. A word is a citation if the part before its
/// hyphen is that of an existing invariant: with `OWN-1` in `known`, `OWN-77` is a citation.
pub(super) fn unknown(workspace: &Workspace, known: &[&str]) -> Result<Vec<String>, Error> {
    let mut areas: Vec<_> = known.iter().filter_map(|id| id.split('-').next()).collect();
    areas.sort_unstable();
    areas.dedup();
    let mut findings = Vec::new();
    for path in tracked(workspace, "*")? {
        // The tests of these checks cite invariants that do not exist.
        if !(path.ends_with(".rs") || path.ends_with(".md"))
            || path.contains("/xtask/src/documents/")
        {
            continue;
        }
        let text = super::read(&workspace.root().join(&path))?;
        for (number, line) in text.lines().enumerate() {
            for id in cited(line, &areas).filter(|id| !known.contains(id)) {
                findings.push(format!(
                    "{path}:{}: there is no invariant {id}; cite one of docs/invariants.md",
                    number + 1
                ));
            }
        }
    }
    Ok(findings)
}

/// Returns the citations in a line.
fn cited<'line>(line: &'line str, areas: &[&str]) -> impl Iterator<Item = &'line str> {
    let words = line.split(|character: char| !(character.is_alphanumeric() || character == '-'));
    words.filter(|word| {
        word.split_once('-').is_some_and(|(area, number)| {
            areas.contains(&area)
                && !number.is_empty()
                && number.bytes().all(|byte| byte.is_ascii_digit())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::cited;

    #[test]
    fn a_name_of_a_known_area_is_a_citation() {
        let line = "// SAFETY: one owner (OWN-3), see OWN-12; not X-1, OWN-, or an-OWN-1";
        let found: Vec<_> = cited(line, &["OWN"]).collect();
        assert_eq!(found, ["OWN-3", "OWN-12"]);
    }
}
