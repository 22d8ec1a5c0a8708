//! Finds the lines in a package's files for findings in expanded code, which has no line numbers of its own.

use std::fs;
use std::path::PathBuf;

use crate::finding::Finding;

/// Gives each finding the file and line of its function, if exactly one function has that name.
pub(super) fn locate(findings: &mut [Finding], files: &[PathBuf]) {
    for finding in findings.iter_mut().filter(|finding| finding.line.is_none()) {
        let Some(name) = &finding.function else {
            continue;
        };
        let begin = format!("fn {name}");
        let mut places = Vec::new();
        let known = finding.file.as_ref();
        for file in files
            .iter()
            .filter(|it| known.is_none_or(|known| known == *it))
        {
            let text = fs::read_to_string(file).unwrap_or_default();
            let lines = text.lines().enumerate();
            places.extend(
                lines
                    .filter(|(_, line)| declares(line, &begin))
                    .map(|(index, _)| (file, index + 1)),
            );
        }
        if let [(file, line)] = places[..] {
            finding.file = Some(file.clone());
            finding.line = Some(line);
        }
    }
}

/// Whether a line contains `begin` as a whole word, and not only as the beginning of a longer name.
fn declares(line: &str, begin: &str) -> bool {
    line.match_indices(begin).any(|(at, _)| {
        let rest = &line[at + begin.len()..];
        !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_')
    })
}
