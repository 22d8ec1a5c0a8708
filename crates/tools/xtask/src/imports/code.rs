//! Finds the paths in code, including those in the arguments of macros.

use proc_macro2::{Spacing, TokenStream, TokenTree};

/// Calls `found` with each path in `code`. Some single names are not paths: a field or binding before a colon, a
/// field or method after a dot, and a lifetime.
pub(super) fn paths(code: TokenStream, found: &mut impl FnMut(Vec<String>)) {
    let tokens: Vec<_> = code.into_iter().collect();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        match token {
            TokenTree::Group(group) => {
                paths(group.stream(), found);
                at += 1;
            }
            TokenTree::Ident(first) => {
                let mut path = vec![first.to_string()];
                let begin = at;
                at += 1;
                while let [
                    Some(TokenTree::Punct(one)),
                    Some(TokenTree::Punct(two)),
                    Some(TokenTree::Ident(next)),
                ] = [tokens.get(at), tokens.get(at + 1), tokens.get(at + 2)]
                {
                    if one.as_char() != ':' || two.as_char() != ':' {
                        break;
                    }
                    path.push(next.to_string());
                    at += 3;
                }
                if path.len() > 1 || stands_alone(&tokens, begin) {
                    found(path);
                }
            }
            _ => at += 1,
        }
    }
}

/// Whether the single name at `at` may be a path. It is not a path if it follows a dot, belongs to a lifetime, or
/// stands before a colon.
fn stands_alone(tokens: &[TokenTree], at: usize) -> bool {
    let punct = |at: Option<usize>| match at.and_then(|at| tokens.get(at)) {
        Some(TokenTree::Punct(punct)) => Some((punct.as_char(), punct.spacing())),
        _ => None,
    };
    let before = at.checked_sub(1);
    let member = matches!(punct(before), Some(('.', _)))
        && !matches!(
            punct(before.and_then(|at| at.checked_sub(1))),
            Some(('.', Spacing::Joint))
        );
    let lifetime = matches!(punct(before), Some(('\'', _)));
    let bound = matches!(punct(Some(at + 1)), Some((':', Spacing::Alone)));
    !member && !lifetime && !bound
}
