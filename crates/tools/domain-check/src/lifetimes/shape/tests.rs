//! Forms that are refused, and forms that pass.

mod coherence;
mod forms;
mod guards;
mod impls;
mod library;
mod phases;
mod projections;
mod proofs;
mod tables;

use crate::lifetimes::check;
use crate::lifetimes::code::tests::everywhere;

fn findings(source: &str) -> String {
    let findings = check(source.parse().expect("Rust's tokens"));
    let all: Vec<_> = findings.iter().map(ToString::to_string).collect();
    all.join("\n")
}

/// Asserts that a finding about each source contains the given words, at the root and at all other places for items.
fn refused(sources: &[(&str, &str)]) {
    refused_at_the_root(sources);
    for (source, says) in sources {
        let missed: Vec<_> = everywhere(source)
            .filter(|it| !findings(it).contains(*says))
            .collect();
        assert!(
            missed.is_empty(),
            "{says:?} is not said: {}",
            missed.join("\n")
        );
    }
}

fn refused_at_the_root(sources: &[(&str, &str)]) {
    let each = sources
        .iter()
        .map(|(source, says)| (source, says, findings(source)));
    let missed: Vec<_> = each
        .filter(|(_, says, found)| !found.contains(*says))
        .map(|(source, says, found)| format!("{source}: {says:?} is not said: {found}"))
        .collect();
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

/// Asserts that no source is refused.
fn accepted(sources: &[&str]) {
    let each = sources.iter().map(|source| (source, findings(source)));
    let wrong: Vec<_> = each
        .filter(|(_, found)| !found.is_empty())
        .map(|(source, found)| format!("{source}: {found}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
