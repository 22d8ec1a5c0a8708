//! Helpers for tokens of expanded code.

use proc_macro2::{Delimiter, Ident, TokenTree};

pub(crate) fn is_punct(token: Option<&TokenTree>, mark: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == mark)
}

pub(crate) fn is_word(token: &TokenTree, word: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == word)
}

/// Whether a `>` that comes after these tokens is the end of `->`, which closes nothing.
pub(crate) fn is_arrow(before: &[TokenTree]) -> bool {
    is_punct(before.last(), '-')
}

/// Returns an identifier without `r#`. To the compiler, `r#name` and `name` are the same name unless the name is a
/// keyword.
pub(crate) fn plain(ident: &Ident) -> String {
    let name = ident.to_string();
    match name.strip_prefix("r#") {
        Some(rest) => rest.to_owned(),
        None => name,
    }
}

/// Splits a list at its commas. A comma inside round or angle brackets does not split the list.
pub(crate) fn between_commas(list: &[TokenTree]) -> Vec<&[TokenTree]> {
    let (mut depth, mut begin) = (0_i32, 0);
    let mut all = Vec::new();
    for (at, token) in list.iter().enumerate() {
        if is_punct(Some(token), '<') {
            depth = depth.saturating_add(1);
        } else if is_punct(Some(token), '>') && !is_arrow(&list[..at]) {
            depth = depth.saturating_sub(1);
        } else if is_punct(Some(token), ',') && depth == 0 {
            all.push(&list[begin..at]);
            begin = at + 1;
        }
    }
    all.push(&list[begin..]);
    all.retain(|it| !it.is_empty());
    all
}

/// Returns the tokens of an item up to its body, or to its end if it has none. Braces in generic arguments are not a
/// body.
pub(crate) fn until_body(tokens: &[TokenTree]) -> &[TokenTree] {
    let mut depth = 0_u32;
    for (index, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Punct(mark) if mark.as_char() == '<' => depth += 1,
            TokenTree::Punct(mark) if mark.as_char() == '>' && !is_arrow(&tokens[..index]) => {
                depth = depth.saturating_sub(1);
            }
            TokenTree::Punct(mark) if mark.as_char() == ';' => return &tokens[..index],
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace && depth == 0 => {
                return &tokens[..index];
            }
            _ => {}
        }
    }
    tokens
}
