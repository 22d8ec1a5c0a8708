//! Methods of the standard library that are unsound in themselves.
//!
//! Iterators that keep a projection in a field. The compiler takes such an iterator to live
//! as long as its closure, though a value that the closure returned may not (rustc's issue 84366). A value that is
//! put there outlives its borrow.
//!
//! A map that is split while a comparison panics has an object twice (rust's issue 158165).

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::Own;
use crate::check::tokens::{is_punct, plain};
use crate::finding::{Finding, Findings, Rule};

/// Methods that make a `Peekable` or put a value there.
const PEEKING: &[&str] = &["peekable", "peek_mut", "next_if_map", "next_if_map_mut"];

/// Methods of collections whose iterators run no closure.
const ITERATORS: &[&str] = &["iter", "iter_mut"];

/// Finds each of these methods, however it is called.
pub(super) fn search(source: TokenStream, own: &Own, findings: &mut Findings) {
    let tokens: Vec<TokenTree> = source.into_iter().collect();
    let mut rest = &tokens[..];
    while let [token, following @ ..] = rest {
        let before = &tokens[..tokens.len() - rest.len()];
        rest = following;
        match token {
            TokenTree::Ident(word) => {
                let name = plain(word);
                if PEEKING.contains(&name.as_str()) {
                    find(
                        findings,
                        &format!(
                            "`{name}` puts a value into an iterator that outlives what its closure returns: keep \
                             the value beside the iterator"
                        ),
                    );
                } else if name == "split_off" {
                    let what = "`split_off` of a map leaves an object in it twice if a comparison panics: of a vector write \
                                `drain(from..).collect()`, of a map move the elements one by one";
                    findings.push(Finding::new(Rule::UnsafeCode, what));
                } else if name == "flatten" && !is_of_a_collection(before, own) {
                    find(
                        findings,
                        "`flatten` keeps an iterator in one that outlives what its closure returns: write it as \
                         `.iter().flatten()` or `.iter_mut().flatten()` of a collection, or as two loops, or \
                         `and_then`",
                    );
                }
            }
            TokenTree::Group(group) => search(group.stream(), own, findings),
            _ => {}
        }
    }
}

/// Whether `before` ends in a collection's iterator and a dot.
fn is_of_a_collection(before: &[TokenTree], own: &Own) -> bool {
    let [.., first, TokenTree::Ident(name), arguments, second] = before else {
        return false;
    };
    let name = plain(name);
    let is_empty = |token: &TokenTree| matches!(token, TokenTree::Group(it) if it.delimiter() == Delimiter::Parenthesis && it.stream().is_empty());
    is_punct(Some(first), '.')
        && ITERATORS.contains(&name.as_str())
        && !own.has(&name)
        && is_empty(arguments)
        && is_punct(Some(second), '.')
}

fn find(findings: &mut Findings, what: &str) {
    findings.push(Finding::new(Rule::ImpliedBound, what));
}
