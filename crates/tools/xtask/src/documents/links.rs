//! Checks the links between documents, and those from comments to documents. Each link must lead to an existing file
//! and, if it has an anchor, to a heading of that file.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

use crate::cargo::tracked;
use crate::error::Error;
use crate::workspace::Workspace;

/// The folder of decisions. The name of a decision's file begins with the decision's number.
const DECISIONS: &str = "docs/decisions/";

/// The document whose headings begin with `D1` to `D18`.
const DESIGN: &str = "docs/design.md";

/// Returns a finding, with its place, for each link to a missing file or heading, for each citation of a missing
/// decision, and for each `D` number of the design that stands outside of a link.
pub(super) fn dangling(workspace: &Workspace) -> Result<Vec<String>, Error> {
    let files = tracked(workspace, "*")?;
    let mut anchors = HashMap::new();
    let mut texts = Vec::new();
    for path in &files {
        if !(path.ends_with(".md") || path.ends_with(".rs")) || path.contains("/tests/corpus/") {
            continue;
        }
        let text = super::read(&workspace.root().join(path))?;
        if path.ends_with(".md") {
            anchors.insert(path.as_str(), headings(&text));
        }
        texts.push((path, text));
    }
    let numbers: Vec<_> = files.iter().filter_map(|path| decision(path)).collect();
    let exists = |path: &str| {
        files.iter().any(|file| {
            file == path
                || file
                    .strip_prefix(path)
                    .is_some_and(|rest| path.is_empty() || rest.starts_with('/'))
        })
    };
    let mut findings = Vec::new();
    for (path, text) in &texts {
        let is_document = path.ends_with(".md");
        let mut is_code = false;
        for (number, line) in text.lines().enumerate() {
            let at = format!("{path}:{}", number + 1);
            is_code ^= is_document && line.trim_start().starts_with("```");
            if is_code || !(is_document || line.trim_start().starts_with("//")) {
                continue;
            }
            let targets = if is_document {
                links(line)
                    .filter(|target| !target.contains("://") && !target.starts_with("mailto:"))
                    .map(|target| resolve(path, target))
                    .collect()
            } else {
                named(line).map(str::to_owned).collect::<Vec<_>>()
            };
            for target in targets {
                let (file, anchor) = target.split_once('#').unwrap_or((&target, ""));
                if !exists(file) {
                    findings.push(format!("{at}: the file {file} does not exist"));
                } else if !anchor.is_empty()
                    && !anchors
                        .get(file)
                        .is_some_and(|known| known.iter().any(|it| it == anchor))
                {
                    findings.push(format!("{at}: {file} has no heading #{anchor}"));
                }
            }
            if path.as_str() != DESIGN {
                let bare = bare_designs(line);
                findings.extend(
                    bare.map(|it| format!("{at}: {it} is a heading of {DESIGN}; link to it")),
                );
            }
            let unknown = cited_decisions(line).filter(|it| !numbers.contains(it));
            findings.extend(unknown.map(|it| format!("{at}: there is no decision {it}")));
        }
    }
    Ok(findings)
}

/// Returns the number of the decision in the file at `path`. Returns `None` if the file is not a decision.
fn decision(path: &str) -> Option<u32> {
    let name = path.strip_prefix(DECISIONS)?;
    name.split('-').next()?.parse().ok()
}

/// Returns the targets of the Markdown links in a line.
fn links(line: &str) -> impl Iterator<Item = &str> {
    let behind = line.split("](").skip(1);
    behind.filter_map(|rest| rest.split([')', ' ']).next())
}

/// Returns the documents that a line names by their paths from the root, each with its anchor if it has one.
fn named(line: &str) -> impl Iterator<Item = &str> {
    let ends = |character: char| !(character.is_alphanumeric() || "/._-#".contains(character));
    let words = line
        .split(ends)
        .map(|word| word.trim_end_matches(['.', '#']));
    words.filter(|word| word.starts_with("docs/") && word.contains(".md"))
}

/// Returns the numbers of the decisions that a line cites.
fn cited_decisions(line: &str) -> impl Iterator<Item = u32> {
    let behind = line
        .split("decision ")
        .skip(1)
        .chain(line.split("decisions ").skip(1));
    behind.filter_map(|rest| {
        let digits = rest.trim_start_matches('[');
        let end = digits
            .find(|it: char| !it.is_ascii_digit())
            .unwrap_or(digits.len());
        digits[..end].parse().ok()
    })
}

/// Returns the numbers of headings of the design (`D1`) that stand outside of a link. `D0` and `D3` are excluded,
/// because they are power states of PCI.
fn bare_designs(line: &str) -> impl Iterator<Item = &str> {
    let words = line.split(|it: char| !(it.is_alphanumeric() || "#/._-`".contains(it)));
    words.filter(|word| {
        let number = word
            .strip_prefix('D')
            .and_then(|rest| rest.parse::<u32>().ok());
        word.starts_with("DESIGN") || number.is_some_and(|it| (1..=18).contains(&it) && it != 3)
    })
}

/// Returns the target of a link in the document at `path` as a path from the root.
fn resolve(path: &str, target: &str) -> String {
    let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
    let joined = if file.is_empty() {
        PathBuf::from(path)
    } else {
        let mut joined = Path::new(path).parent().unwrap_or(Path::new("")).to_owned();
        for part in Path::new(file).components() {
            match part {
                Component::ParentDir => {
                    joined.pop();
                }
                Component::Normal(name) => joined.push(name),
                _ => {}
            }
        }
        joined
    };
    let joined = joined.to_string_lossy();
    if anchor.is_empty() {
        joined.into_owned()
    } else {
        format!("{joined}#{anchor}")
    }
}

/// Returns the anchors that GitHub makes for a document's headings.
fn headings(text: &str) -> Vec<String> {
    let mut is_code = false;
    let mut found = Vec::new();
    for line in text.lines() {
        is_code ^= line.trim_start().starts_with("```");
        let title = line.trim_start_matches('#');
        if !is_code && title.len() < line.len() && title.starts_with(' ') {
            let kept = title.trim().to_lowercase();
            let kept = kept
                .chars()
                .filter(|it| it.is_alphanumeric() || matches!(it, ' ' | '-' | '_'));
            found.push(kept.map(|it| if it == ' ' { '-' } else { it }).collect());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{bare_designs, cited_decisions, headings, links, named, resolve};

    #[test]
    fn links_are_resolved_from_the_documents_folder() {
        let line = "See [a](../README.md), [b](holes.md#two-words) and [c](#here).";
        let found: Vec<_> = links(line).map(|it| resolve("docs/a.md", it)).collect();
        assert_eq!(
            found,
            ["README.md", "docs/holes.md#two-words", "docs/a.md#here"]
        );
    }

    #[test]
    fn headings_have_the_anchors_of_github() {
        let text = "# Two words\n```\n# not this\n```\n## `D4`: a call's way\n";
        assert_eq!(headings(text), ["two-words", "d4-a-calls-way"]);
    }

    #[test]
    fn bare_names_of_design_headings_are_found() {
        let line = "//! Lock-free (D4), see docs/design.md#d4; a function in D0, 0xD4, `D5`";
        assert_eq!(bare_designs(line).collect::<Vec<_>>(), ["D4"]);
    }

    #[test]
    fn documents_and_decisions_in_comments_are_found() {
        let line = "//! See docs/design.md#d4, decision 12 and [decision 7](x).";
        assert_eq!(named(line).collect::<Vec<_>>(), ["docs/design.md#d4"]);
        let mut cited: Vec<_> = cited_decisions(line).collect();
        cited.sort_unstable();
        assert_eq!(cited, [7, 12]);
    }
}
