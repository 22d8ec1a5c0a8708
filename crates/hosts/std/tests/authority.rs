//! Every public function of this crate checks that the thread acts for the host, or is listed here as needing no
//! authority.

use std::fs;
use std::path::Path;

/// The public functions that demand no authority, and the reasons.
const HARMLESS: [(&str, &str); 15] = [
    ("live_bytes", "reads a count"),
    ("cuts", "reads counts"),
    ("surveyed", "reads counts"),
    ("surveys", "reads whether the thread is surveyed"),
    ("steps", "reads a count"),
    ("is_armed", "reads a flag of the processor"),
    ("stop", "takes the handle, which only the host has"),
    ("step", "takes a guard, which only the host has"),
    ("step_armed", "takes a guard, which only the host has"),
    (
        "step_between_panics",
        "takes a guard, which only the host has",
    ),
    ("step_counted", "takes a guard, which only the host has"),
    ("survey", "takes a guard, which only the host has"),
    ("by_turns", "takes a guard, which only the host has"),
    ("arm", "demands that the host steps the thread"),
    ("disarm", "demands that the host steps the thread"),
];

/// Returns the name and the body of each public safe function in `source`.
fn functions(source: &str) -> Vec<(&str, &str)> {
    let starts = source.match_indices("pub fn ");
    let function = |(at, word): (usize, &str)| {
        let text = &source[at + word.len()..];
        let name = text.find(['(', '<']).map(|end| &text[..end])?;
        // The source is formatted: a function ends with a brace at the indentation of its first line.
        let indent = at - source[..at].rfind('\n').map_or(0, |line| line + 1);
        let end = format!("\n{}}}", " ".repeat(indent));
        let body = text.find(&end).map(|end| &text[..end])?;
        Some((name, body))
    };
    starts.filter_map(function).collect()
}

fn visit(directory: &Path, found: &mut Vec<String>, lacking: &mut Vec<String>) {
    for entry in fs::read_dir(directory).expect("the crate's sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            visit(&path, found, lacking);
            continue;
        }
        let source = fs::read_to_string(&path).expect("a source file");
        for (name, body) in functions(&source) {
            let demands = body.contains("authority::demand(\"") && body.contains(name);
            found.push(name.to_string());
            if !demands && HARMLESS.iter().all(|(known, _)| *known != name) {
                lacking.push(format!("{}: {name}", path.display()));
            }
        }
    }
}

/// Invariant: AUTH-9
#[test]
fn every_public_function_demands_authority() {
    let (mut found, mut lacking) = (Vec::new(), Vec::new());
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    visit(&sources, &mut found, &mut lacking);
    assert!(
        lacking.is_empty(),
        "functions without `authority::demand` that are not listed in `HARMLESS`: {lacking:#?}"
    );
    for name in HARMLESS
        .map(|(name, _)| name)
        .iter()
        .chain(&["runtime", "contained"])
    {
        assert!(
            found.iter().any(|found| found == name),
            "`{name}` is not found in the sources"
        );
    }
}
