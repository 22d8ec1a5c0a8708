//! Iterators of the standard library that keep a projection in a field. The compiler takes such an iterator to live
//! as long as its closure, though a value that the closure returned may not (rustc's issue 84366). A value that is
//! put there outlives its borrow.

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Expr, ExprMethodCall};

use super::Own;
use crate::check::tokens::plain;
use crate::finding::{Finding, Findings, Rule};
use crate::lifetimes::code::Code;

/// Methods that make a `Peekable` or put a value there, and the types themselves, which `Default` makes, too.
const KEEPING: &[&str] = &[
    "peekable",
    "peek_mut",
    "next_if_map",
    "next_if_map_mut",
    "Peekable",
    "Flatten",
];

/// Methods of collections whose iterators run no closure.
const ITERATORS: &[&str] = &["iter", "iter_mut"];

/// Finds each of these words, however it is meant, and each `flatten` but of a collection's iterator.
pub(super) fn search(code: &Code, own: &Own, findings: &mut Findings) {
    for word in KEEPING {
        if count(code.tokens.clone(), word) > 0 {
            find(
                findings,
                &format!(
                    "`{word}` is of an iterator that keeps a value, and outlives what its closure returns: keep the \
                     value beside the iterator"
                ),
            );
        }
    }
    let mut flattened = Flattened { own, calls: 0 };
    flattened.visit_file(&code.file);
    if count(code.tokens.clone(), "flatten") > flattened.calls {
        find(
            findings,
            "`flatten` keeps an iterator in one that outlives what its closure returns: write it as \
             `.iter().flatten()` or `.iter_mut().flatten()` of a collection, or as two loops, or `and_then`",
        );
    }
}

/// How often a word stands somewhere.
fn count(tokens: TokenStream, word: &str) -> usize {
    let each = tokens.into_iter().map(|token| match token {
        TokenTree::Ident(name) => usize::from(plain(&name) == word),
        TokenTree::Group(group) => count(group.stream(), word),
        _ => 0,
    });
    each.sum()
}

/// Counts calls of `flatten` on what a collection's own method gives.
struct Flattened<'a> {
    own: &'a Own,
    calls: usize,
}

impl Flattened<'_> {
    fn is_of_a_collection(&self, iterator: &Expr) -> bool {
        let Expr::MethodCall(call) = iterator else {
            return false;
        };
        let name = plain(&call.method);
        ITERATORS.contains(&name.as_str()) && !self.own.has(&name) && call.args.is_empty()
    }
}

impl<'ast> Visit<'ast> for Flattened<'_> {
    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        if plain(&call.method) == "flatten" && self.is_of_a_collection(&call.receiver) {
            self.calls = self.calls.strict_add(1);
        }
        visit::visit_expr_method_call(self, call);
    }
}

fn find(findings: &mut Findings, what: &str) {
    findings.push(Finding::new(Rule::ImpliedBound, what));
}
