//! Functions of the standard library that are unsound in the release that is pinned: no domain has a word of theirs.

use proc_macro2::{TokenStream, TokenTree};

use crate::check::tokens::plain;
use crate::finding::{Finding, Findings, Rule};

/// Each function's name, what it does, and what to write.
const UNSOUND: &[(&str, &str)] = &[(
    // rust-lang/rust#158165
    "split_off",
    "leaves a `BTreeMap` that is longer than its tree if a comparison panics, and what it holds is taken out \
     twice: drain what is to be split off",
)];

/// Finds each of these names, whatever it is called on: what a word leads to, the compiler alone knows.
pub(super) fn search(source: TokenStream, findings: &mut Findings) {
    for token in source {
        match token {
            TokenTree::Ident(word) => {
                let word = plain(&word);
                let known = UNSOUND.iter().find(|(name, _)| word == *name);
                if let Some((name, does)) = known {
                    findings.push(Finding::new(Rule::UnsafeCode, format!("`{name}` {does}")));
                }
            }
            TokenTree::Group(group) => search(group.stream(), findings),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}
