//! Functions of the standard library that are unsound in the pinned release. A domain may not contain their names.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};

use crate::check::tokens::plain;
use crate::finding::{Finding, Findings, Rule};

/// A function of the standard library that no domain may name.
struct Unsound {
    /// The function's name.
    word: &'static str,
    /// The name of its type. If the code does not contain the type's name, `word` means another function.
    beside: Option<&'static str>,
    /// What it does, and what to write instead.
    does: &'static str,
}

const fn collects(word: &'static str) -> Unsound {
    Unsound {
        word,
        beside: Some("VecDeque"),
        does: "makes a `VecDeque` that begins behind its buffer, if its source is a vector's exhausted iterator: \
               `extend` a new one",
    }
}

const UNSOUND: &[Unsound] = &[
    // rust-lang/rust#158165
    Unsound {
        word: "split_off",
        beside: None,
        does: "leaves a `BTreeMap` that is longer than its tree if a comparison panics, and elements are then taken \
               out twice: drain the elements that are to be split off",
    },
    // rust-lang/rust#162452
    collects("collect"),
    collects("from_iter"),
    collects("FromIterator"),
];

/// Finds each word of [`UNSOUND`], whatever it means, because only the compiler could tell which function it is.
pub(super) fn search(words: &BTreeSet<String>, findings: &mut Findings) {
    for Unsound { word, beside, does } in UNSOUND {
        if words.contains(*word) && beside.is_none_or(|it| words.contains(it)) {
            findings.push(Finding::new(Rule::UnsafeCode, format!("`{word}` {does}")));
        }
    }
}

/// Returns all words in some code.
pub(super) fn words(source: TokenStream) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    gather(source, &mut words);
    words
}

fn gather(source: TokenStream, words: &mut BTreeSet<String>) {
    for token in source {
        match token {
            TokenTree::Ident(word) => {
                words.insert(plain(&word));
            }
            TokenTree::Group(group) => gather(group.stream(), words),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}
