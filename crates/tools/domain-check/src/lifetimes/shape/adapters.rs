//! Iterators of the standard library that keep a projection in a field. The compiler takes such an iterator to live
//! as long as its closure, although a value that the closure returned may live shorter (rustc issue 84366). So a
//! value that is stored in the iterator can outlive its borrow.

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Expr, ExprMethodCall};

use super::Own;
use crate::check::tokens::plain;
use crate::finding::{Finding, Findings, Rule};
use crate::lifetimes::code::Code;

/// Methods that make a `Peekable` or store a value in one, and the names of such types, since `Default` makes their
/// values, too.
const KEEPING: &[&str] = &[
    "peekable",
    "peek_mut",
    "next_if_map",
    "next_if_map_mut",
    "Peekable",
    "Flatten",
];

/// Methods of collections that return an iterator which runs no closure.
const ITERATORS: &[&str] = &["iter", "iter_mut"];

/// Finds each word of [`KEEPING`], and each `flatten` that is not called on a collection's own iterator.
pub(super) fn search(code: &Code, own: &Own, findings: &mut Findings) {
    for word in KEEPING {
        if count(code.tokens.clone(), word) > 0 {
            find(
                findings,
                &format!(
                    "`{word}` keeps a closure's result in an iterator that outlives it: keep the value beside the iterator"
                ),
            );
        }
    }
    let mut flattened = Flattened { own, calls: 0 };
    flattened.visit_file(&code.file);
    if count(code.tokens.clone(), "flatten") > flattened.calls {
        find(
            findings,
            "`flatten` keeps an iterator that is a closure's result in one that outlives it: write it as \
             `.iter().flatten()` or `.iter_mut().flatten()` of a collection, or as two loops, or `and_then`",
        );
    }
}

/// Returns how often a word occurs in the tokens.
fn count(tokens: TokenStream, word: &str) -> usize {
    let each = tokens.into_iter().map(|token| match token {
        TokenTree::Ident(name) => usize::from(plain(&name) == word),
        TokenTree::Group(group) => count(group.stream(), word),
        _ => 0,
    });
    each.sum()
}

/// Counts the calls of `flatten` on a collection's own iterator.
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
