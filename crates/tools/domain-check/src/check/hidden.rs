//! Finds hidden names. With such a name a crate marks an item that only its own macros, tests and benchmarks may use.
//! The crate's authors do not keep the item sound for other users. A hidden name begins with an underscore. A domain
//! may not name an item by a hidden name, whether the item is another crate's or its own. A variable may have a
//! hidden name, and a macro of another crate may write one.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

use super::tokens::{is_punct, plain};
use crate::finding::{Finding, Findings, Rule};

/// Whether a word has the form of a hidden name.
pub(super) fn is_hidden(word: &str) -> bool {
    word.len() > 1 && word.starts_with('_')
}

/// Finds hidden names in places where they name items. In expanded code, `written` holds the words that the domain
/// itself contains, and other words are not reported. If the domain imports a function by `*` and does not call it,
/// the function's name looks like that of a variable and is not found. So a review must list such functions.
pub(super) fn search(source: TokenStream, written: Option<&BTreeSet<String>>) -> Findings {
    let mut found = BTreeSet::new();
    collect(source, false, &mut found);
    let own = found
        .into_iter()
        .filter(|word| written.is_none_or(|it| it.contains(word)));
    own.map(|word| {
        let what = format!(
            "the name {word} may be that of an item that a crate hides, and that is not sound for other users: do \
             without it, or leave out the underscore if the name is your own"
        );
        Finding::new(Rule::UnsafeCode, what)
    })
    .collect()
}

/// Adds the hidden names of items in `source` to `found`. `imported` says that a `use` surrounds the source, so that
/// all its words name items.
fn collect(source: TokenStream, imported: bool, found: &mut BTreeSet<String>) {
    let tokens: Vec<TokenTree> = source.into_iter().collect();
    let mut in_use = imported;
    for (index, token) in tokens.iter().enumerate() {
        let (before, rest) = (&tokens[..index], &tokens[index + 1..]);
        match token {
            // `use<T>` names the captures of a type, and imports nothing.
            TokenTree::Ident(word) if word == "use" => in_use = !is_punct(rest.first(), '<'),
            token if is_punct(Some(token), ';') => in_use = imported,
            TokenTree::Group(group) => {
                let is_tree = group.delimiter() == Delimiter::Brace && in_use;
                collect(group.stream(), is_tree, found);
            }
            TokenTree::Ident(word) => {
                let word = plain(word);
                if is_hidden(&word) && (in_use || names_an_item(&word, before, rest)) {
                    found.insert(word);
                }
            }
            _ => {}
        }
    }
}

/// Words before the name of a defined item.
const DEFINING: &[&str] = &["const", "enum", "fn", "mod", "static", "struct", "type"];

/// Whether the tokens around a word show that it refers to an item.
fn names_an_item(word: &str, before: &[TokenTree], rest: &[TokenTree]) -> bool {
    if let Some(TokenTree::Ident(keyword)) = before.last()
        && DEFINING.iter().any(|it| keyword == it)
    {
        return false;
    }
    let is_of_a_type = word
        .trim_start_matches('_')
        .starts_with(|letter: char| letter.is_ascii_uppercase());
    let is_called = matches!(rest.first(), Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis);
    let is_compared = matches!(rest.get(1), Some(it) if is_punct(Some(it), '='));
    let is_macro = is_punct(rest.first(), '!') && !is_compared;
    is_of_a_type || is_called || is_macro || ends_in_path(before) || begins_with_path(rest)
}

fn begins_with_path(tokens: &[TokenTree]) -> bool {
    matches!(tokens, [TokenTree::Punct(first), second, ..]
        if first.as_char() == ':' && first.spacing() == Spacing::Joint && is_punct(Some(second), ':'))
}

fn ends_in_path(tokens: &[TokenTree]) -> bool {
    tokens
        .len()
        .checked_sub(2)
        .is_some_and(|at| begins_with_path(&tokens[at..]))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::search;

    /// Invariant: CHECK-9
    #[test]
    fn hidden_names_of_items_are_found_in_all_places() {
        for source in [
            "use dep::_hid;",
            "use dep::_hid as shown;",
            "use dep::{a, b::{_hid}};",
            "use dep::r#_hid;",
            "pub(crate) use _hid;",
            "fn f() { dep::_hid::g(); }",
            "use dep::*; fn f() { _hid::g() }",
            "use dep::*; fn f() { _hid(1) }",
            "use dep::*; fn f() { _hid!(1) }",
            "fn f() { x._hid(1); }",
            "fn f() { x._hid::<u8>(1); }",
            "fn f() { <T as S>::_hid(1); }",
            "fn f(x: dep::_hid) {}",
            "macro_rules! m { () => { dep::_hid } }",
        ] {
            let found = search(source.parse().expect("Rust's tokens"), None);
            assert!(found.len() == 1, "{source}: {found:?}");
            let found = search(
                source.parse().expect("Rust's tokens"),
                Some(&BTreeSet::new()),
            );
            assert!(found.is_empty(), "{source}: {found:?}");
        }
        let type_of_a_glob = "use dep::*; fn f(x: _Hid) {}";
        assert_eq!(
            search(type_of_a_glob.parse().expect("tokens"), None).len(),
            1
        );
    }

    /// Invariant: CHECK-9
    #[test]
    fn variables_may_have_such_names() {
        for source in [
            "use dep::Trait as _; const _: () = (); fn f(_x: u8, _: u8) -> impl T + use<> { let _y = _x; _y; x._guard; S { _x: 1 } }",
            "fn f() { match x { _ => 1 } let _ = (_a, _b); if _a != b {} } fn _unused() {} const _LARGE: () = (); struct _Kept(u8); mod _m { }",
        ] {
            let found = search(source.parse().expect("Rust's tokens"), None);
            assert!(found.is_empty(), "{source}: {found:?}");
        }
    }
}
