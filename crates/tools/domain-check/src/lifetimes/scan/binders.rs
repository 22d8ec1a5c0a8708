//! Finds bounds among tokens.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, Group, TokenTree};

use super::Scan;
use crate::check::tokens::{is_punct, is_word};
use crate::lifetimes::facts::Name;
use crate::lifetimes::walk::Scope;

impl Scan<'_> {
    /// Whether a bound that gives closures a signature begins at `index`. Such a bound has its arguments in
    /// parentheses, or its trait has a function trait among its supertraits.
    pub(super) fn signs(&self, tokens: &[TokenTree], index: usize) -> bool {
        let name = tokens[index].to_string();
        let rest = &tokens[index + 1..];
        match rest.first() {
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis => {
                name != "fn"
                    && (self.is_surely_signing(&tokens[index..])
                        || is_bound_after(&tokens[..index]))
            }
            // An impl's header may name such a trait too. `signing` skips the trait there, because it is not a bound.
            token if is_punct(token, '<') => {
                self.definitions.is_own_trait(&name) && self.definitions.signs(&name)
            }
            _ => false,
        }
    }

    /// Handles a group that may be a bound in parentheses: `(Fn(…))`.
    pub(super) fn parenthesised(&mut self, group: &Group, scope: &Scope) {
        let tokens: Vec<_> = group.stream().into_iter().collect();
        let is_path = |token: &TokenTree| {
            matches!(token, TokenTree::Ident(word) if word != "fn") || is_punct(Some(token), ':')
        };
        let end = tokens.iter().position(|token| !is_path(token));
        if group.delimiter() == Delimiter::Parenthesis
            && let Some(end) = end.filter(|&end| end > 0)
            && let [TokenTree::Ident(_), TokenTree::Group(arguments), ..] = &tokens[end - 1..]
            && arguments.delimiter() == Delimiter::Parenthesis
        {
            self.signing(&[], &tokens[end - 1..], scope);
        }
    }

    /// Whether the tokens begin a bound by a function trait, and cannot begin an expression.
    pub(super) fn is_surely_signing(&self, tokens: &[TokenTree]) -> bool {
        let name = tokens[0].to_string();
        self.definitions.is_fn_trait(&name)
            || (is_punct(tokens.get(2), '-') && is_punct(tokens.get(3), '>'))
    }

    /// Handles `for<'a>`. If the name is in scope already, a macro wrote one of the two, and the check refuses the
    /// name.
    pub(super) fn binder(&mut self, tokens: &[TokenTree], scope: &Scope) {
        if !is_punct(tokens.get(1), '<') {
            return;
        }
        let mut tokens = tokens[2..].iter();
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Punct(mark) if mark.as_char() == '\'' => {
                    if let Some(TokenTree::Ident(ident)) = tokens.next()
                        && scope.lifetimes.contains(&format!("'{ident}"))
                    {
                        self.twice(&format!("'{ident}"), "for<…>");
                    }
                }
                TokenTree::Punct(mark) if mark.as_char() == ',' => {}
                _ => return,
            }
        }
    }
}

/// Returns the lifetimes of the `for<…>` at the end of `tokens`; the beginning of a path may follow it.
pub(super) fn binder_before(tokens: &[TokenTree]) -> BTreeSet<Name> {
    let is_path = |token: &TokenTree| {
        is_punct(Some(token), ':') || matches!(token, TokenTree::Ident(word) if word != "for")
    };
    let end = tokens.iter().rposition(|token| !is_path(token));
    let mut names = BTreeSet::new();
    let Some(end) = end.filter(|&end| is_punct(tokens.get(end), '>')) else {
        return names;
    };
    let is_binder = |token: &TokenTree| match token {
        TokenTree::Punct(mark) => matches!(mark.as_char(), '\'' | '<' | ','),
        TokenTree::Ident(word) => word != "for",
        _ => false,
    };
    let Some(begin) = tokens[..end].iter().rposition(|token| !is_binder(token)) else {
        return names;
    };
    if !is_word(&tokens[begin], "for") {
        return names;
    }
    for pair in tokens[begin..end].windows(2) {
        if let [TokenTree::Punct(mark), TokenTree::Ident(name)] = pair
            && mark.as_char() == '\''
        {
            names.insert(format!("'{name}"));
        }
    }
    names
}

/// Whether a path may be a bound, judging by its position. `before` holds the tokens before the path's last name.
fn is_bound_after(before: &[TokenTree]) -> bool {
    let mut rest = before;
    while let [path @ .., first, second] = rest
        && is_punct(Some(first), ':')
        && is_punct(Some(second), ':')
    {
        rest = match path {
            [path @ .., TokenTree::Ident(_)] => path,
            _ => path,
        };
    }
    match rest.last() {
        None => false,
        Some(TokenTree::Punct(mark)) => matches!(mark.as_char(), '+' | ':' | '>'),
        Some(TokenTree::Ident(word)) => word == "dyn" || word == "impl" || word == "async",
        Some(_) => false,
    }
}
