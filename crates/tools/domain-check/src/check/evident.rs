//! Recognises types that are evidently well-formed, which are called evident here.
//!
//! A type's demands on lifetimes come from its references, from the arguments of its paths, and from its own
//! declaration. A type makes no demands if no lifetime in it stands beside another lifetime or a parameter, and if no
//! declaration adds a demand. Such a type needs no proof.
//!
//! Types are read as the compiler prints them for itself (`typed::tokens`): `T/#0` is a parameter, `'erased` is any
//! lifetime, and `'b0` is a lifetime of a binder around it. Outside of its binder, nothing is demanded of `'b0`. If
//! the binder is that of a closure's signature, `values` checks the demands inside it. A type of unknown form is not
//! evident.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};

use super::tokens::{between_commas, is_arrow, is_punct, is_word, plain, until_body};

/// The reason why a type is not evident.
pub(super) type Doubt = &'static str;

const LENT: Doubt = "a reference leads to a type with a lifetime or a parameter";
const BESIDE: Doubt = "a lifetime stands beside another one, or beside a parameter";
const DECLARED: Doubt = "a type is declared with a bound by a lifetime";
const ITEM: Doubt = "a generic function is a part of it";
const HIDDEN: Doubt = "a hidden type has several arguments";
const UNKNOWN: Doubt = "a part of it is of no known form";

/// The declarations of a unit.
#[derive(Debug, Default)]
pub(super) struct Declared {
    /// Types that are declared with a bound by a lifetime.
    bounded: BTreeSet<String>,
}

impl Declared {
    /// Reads the unit's code.
    pub(super) fn of(code: TokenStream) -> Self {
        let mut declared = Declared::default();
        declared.collect(code);
        declared
    }

    fn collect(&mut self, code: TokenStream) {
        let tokens: Vec<TokenTree> = code.into_iter().collect();
        for (at, token) in tokens.iter().enumerate() {
            if let TokenTree::Group(group) = token {
                self.collect(group.stream());
            }
            let Some(TokenTree::Ident(name)) = tokens.get(at + 1) else {
                continue;
            };
            let is = |words: &[&str]| words.iter().any(|word| is_word(token, word));
            if is(&["enum", "struct", "union"]) && is_bounded(until_body(&tokens[at + 1..])) {
                self.bounded.insert(plain(name));
            }
        }
    }
}

/// Whether this header contains a bound by a lifetime: `T: 'a`, `'b: 'a`, `T: Copy + 'a`.
fn is_bounded(header: &[TokenTree]) -> bool {
    header.windows(2).any(|pair| {
        let is_bound = is_punct(pair.first(), ':') || is_punct(pair.first(), '+');
        is_bound && is_punct(pair.get(1), '\'')
    })
}

/// Judges types with the help of the unit's declarations.
pub(super) struct Types<'a>(pub(super) &'a Declared);

impl Types<'_> {
    /// Checks that this type is evidently well-formed. Then a value of the type is harmless, wherever it was made.
    pub(super) fn is_evident(&self, ty: &[TokenTree]) -> Result<(), Doubt> {
        if is_closed(ty) {
            return Ok(());
        }
        match ty {
            [and, _, lifetime, ..] if is_punct(Some(and), '&') => match lent(ty) {
                Some(to) if is_closed(to) || is_bound(&lifetime.to_string()) => self.is_evident(to),
                Some(_) => Err(LENT),
                None => Err(UNKNOWN),
            },
            [star, _, rest @ ..] if is_punct(Some(star), '*') => self.is_evident(rest),
            [TokenTree::Group(group)] => self.are_evident(&inner(group)),
            [_, slash, _, _] if is_punct(Some(slash), '/') => Ok(()),
            [word, TokenTree::Group(objects), ..] if is_word(word, "dyn") => {
                is_closed(&inner(objects)).then_some(()).ok_or(BESIDE)
            }
            [word, TokenTree::Group(value)] if is_word(word, "Binder") => {
                self.is_evident_function(&inner(value))
            }
            [TokenTree::Ident(kind), TokenTree::Group(of)] => {
                self.is_made_evident(&kind.to_string(), &inner(of))
            }
            path => self.is_evident_path(path),
        }
    }

    /// Checks the types of a tuple, an array or a slice.
    fn are_evident(&self, list: &[TokenTree]) -> Result<(), Doubt> {
        let mut types = elements(list).into_iter();
        types.try_for_each(|ty| self.is_evident(ty))
    }

    /// Checks a type that a closure has captured. A reference may lead to any evident type without parameters. Within
    /// the closure, the reference has a lifetime of its own that occurs nowhere else. So the bound that the reference
    /// implies either stays inside the closure, or it implies a bound by another lifetime, and the compiler checks
    /// that bound where the closure is made. If the reference leads to a parameter, the compiler does not check it:
    /// from the fact that the parameter outlives the reference's lifetime it concludes that the parameter also
    /// outlives the other lifetime.
    fn is_captured(&self, ty: &[TokenTree]) -> Result<(), Doubt> {
        match lent(ty) {
            Some(to) if !has_parameters(to) => self.is_evident(to),
            _ => self.is_evident(ty),
        }
    }

    /// Checks `value: fn(…) -> …, bound_vars: […]`. A closure's arguments are in one tuple.
    fn is_evident_function(&self, value: &[TokenTree]) -> Result<(), Doubt> {
        let begin = value.iter().position(|it| is_word(it, "fn"));
        let end = value.iter().rposition(|it| is_word(it, "bound_vars"));
        let signature = begin
            .zip(end)
            .and_then(|(begin, end)| value.get(begin + 1..end));
        let Some([TokenTree::Group(taken), result @ ..]) = signature else {
            return Err(UNKNOWN);
        };
        self.are_evident(&inner(taken))?;
        match result {
            [_, arrow, result @ .., _] if is_punct(Some(arrow), '>') => self.is_evident(result),
            [_comma] => Ok(()),
            _ => Err(UNKNOWN),
        }
    }

    /// Checks types that have no path: `Closure(DefId, [arguments])`, `Alias(Opaque, AliasTy { args: [arguments], ..
    /// })`.
    fn is_made_evident(&self, kind: &str, of: &[TokenTree]) -> Result<(), Doubt> {
        match (kind, of) {
            // The list begins with the parameters and lifetimes of the surrounding function and ends with the tuple
            // of the captures. The closure's code relies on the bounds that each of these types implies by itself, so
            // each is checked.
            ("Closure" | "Coroutine", [.., TokenTree::Group(list)]) => {
                let list = inner(list);
                let list = between_commas(&list);
                let Some(([TokenTree::Group(captured)], rest)) = list.split_last() else {
                    return Err(UNKNOWN);
                };
                let mut rest = rest.iter().filter(|it| !is_lifetime(it));
                rest.try_for_each(|ty| self.is_evident(ty))?;
                let captured = inner(captured);
                let mut captured = between_commas(&captured).into_iter();
                captured.try_for_each(|ty| self.is_captured(ty))
            }
            // The compiler does not print a function item's signature, so the item cannot be judged.
            ("FnDef", _) => Err(ITEM),
            ("Alias", [way, .., TokenTree::Group(alias)]) => {
                let alias = inner(alias);
                let list = alias.iter().find_map(|it| match it {
                    TokenTree::Group(list) => Some(inner(list)),
                    _ => None,
                });
                let list = list.unwrap_or_default();
                let list = between_commas(&list);
                if is_word(way, "Projection") {
                    self.is_apart(&list)
                } else {
                    let mut open = list.iter().filter(|it| !is_closed(it));
                    let is_one = open.next().is_some_and(|it| is_lifetime(it));
                    (is_one && open.next().is_none())
                        .then_some(())
                        .ok_or(HIDDEN)
                }
            }
            _ => Err(UNKNOWN),
        }
    }

    /// Checks `a::b::Name<arguments>`.
    fn is_evident_path(&self, path: &[TokenTree]) -> Result<(), Doubt> {
        let (name, list) = named(path).ok_or(UNKNOWN)?;
        if self.0.bounded.contains(&name) {
            return Err(DECLARED);
        }
        self.is_apart(&list)
    }

    /// Checks that no argument can be linked with another. Apart from closed types, the arguments must be a single
    /// lifetime, or any number of evident types.
    fn is_apart(&self, list: &[&[TokenTree]]) -> Result<(), Doubt> {
        let open: Vec<_> = list.iter().filter(|it| !is_closed(it)).collect();
        match open[..] {
            [one] if is_lifetime(one) => Ok(()),
            _ if open.iter().any(|it| is_lifetime(it)) => Err(BESIDE),
            _ => open.into_iter().try_for_each(|it| self.is_evident(it)),
        }
    }

    /// Checks a type whose values are only shown by `Debug`. References, tuples, arrays and the types in [`SHOWING`]
    /// need not be evident, but the types inside them must be: the `Debug` of the outer type only forwards to that of
    /// the value inside, and relies on no bound that the outer type implies. This check is not valid in a unit that
    /// itself implements a method `fmt` for a reference, because the method may rely on a bound that the reference
    /// implies.
    pub(super) fn is_shown(&self, ty: &[TokenTree]) -> Result<(), Doubt> {
        match (lent(ty), ty) {
            (Some(to), _) => self.is_shown(to),
            (None, [TokenTree::Group(group)]) => {
                let list = inner(group);
                let mut types = elements(&list).into_iter();
                types.try_for_each(|ty| self.is_shown(ty))
            }
            (None, path) => match named(path) {
                Some((_, list)) if is_one_of(path, SHOWING) => {
                    list.into_iter().try_for_each(|it| self.is_shown(it))
                }
                _ => self.is_evident(ty),
            },
        }
    }
}

/// Paths of types whose `Debug` only shows the value that they hold.
const SHOWING: &[&str] = &[
    "alloc::boxed::Box",
    "alloc::rc::Rc",
    "alloc::sync::Arc",
    "alloc::vec::Vec",
    "core::cell::Cell",
    "core::cell::RefCell",
    "core::option::Option",
    "core::result::Result",
];

/// Whether a path, without its arguments, is one of `paths`.
pub(super) fn is_one_of(path: &[TokenTree], paths: &[&str]) -> bool {
    let names = split(path).map(|(names, _)| names).unwrap_or_default();
    let names: String = names.iter().map(ToString::to_string).collect();
    paths.contains(&names.as_str())
}

/// Returns the last name of a path, and its arguments.
pub(super) fn named(path: &[TokenTree]) -> Option<(String, Vec<&[TokenTree]>)> {
    let (names, list) = split(path)?;
    match names {
        [TokenTree::Ident(name)] => Some((plain(name), list)),
        [.., before, TokenTree::Ident(name)] if is_punct(Some(before), ':') => {
            Some((plain(name), list))
        }
        _ => None,
    }
}

/// Splits a path before its last arguments. Arguments earlier in the path, as in `Own<'_>::method::Inner`, belong to
/// the item in which the type is declared, and not to the type.
fn split(path: &[TokenTree]) -> Option<(&[TokenTree], Vec<&[TokenTree]>)> {
    let (mut depth, mut begin) = (0_u32, path.len());
    for (at, token) in path.iter().enumerate() {
        if is_punct(Some(token), '<') {
            begin = begin.min(at);
            depth = depth.checked_add(1)?;
        } else if is_punct(Some(token), '>') && !is_arrow(&path[..at]) {
            depth = depth.checked_sub(1)?;
        } else if depth == 0 && begin < at {
            // The path goes on.
            begin = path.len();
        }
    }
    let (names, list) = path.split_at(begin);
    match list {
        [] => Some((names, Vec::new())),
        [_, list @ .., _] if depth == 0 => Some((names, between_commas(list))),
        _ => None,
    }
}

/// Returns the types in a tuple, or the type of an array's elements.
fn elements(list: &[TokenTree]) -> Vec<&[TokenTree]> {
    let ends = |token: &TokenTree| is_punct(Some(token), ';');
    between_commas(list.split(ends).next().unwrap_or_default())
}

/// Returns the type that a reference leads to.
pub(super) fn lent(ty: &[TokenTree]) -> Option<&[TokenTree]> {
    match ty {
        [and, quote, _, to @ ..] if is_punct(Some(and), '&') && is_punct(Some(quote), '\'') => {
            match to {
                [word, to @ ..] if is_word(word, "mut") => Some(to),
                to => Some(to),
            }
        }
        _ => None,
    }
}

/// Whether a type contains a parameter, or an alias that may stand for a parameter.
fn has_parameters(ty: &[TokenTree]) -> bool {
    ty.iter().any(|token| match token {
        TokenTree::Group(group) => has_parameters(&inner(group)),
        token => is_punct(Some(token), '/') || is_word(token, "Alias"),
    })
}

/// Whether a type contains no lifetime and no parameter.
fn is_closed(ty: &[TokenTree]) -> bool {
    ty.iter().enumerate().all(|(at, token)| match token {
        TokenTree::Group(group) => is_closed(&inner(group)),
        TokenTree::Ident(name) => {
            !is_punct(at.checked_sub(1).and_then(|at| ty.get(at)), '\'')
                || is_bound(&name.to_string())
        }
        TokenTree::Punct(mark) => mark.as_char() != '/',
        TokenTree::Literal(_) => true,
    })
}

/// Whether a lifetime belongs to a binder: `'b0`.
fn is_bound(lifetime: &str) -> bool {
    let number = lifetime.strip_prefix('b').unwrap_or_default();
    !number.is_empty() && number.chars().all(|it| it.is_ascii_digit() || it == '_')
}

pub(super) fn is_lifetime(argument: &[TokenTree]) -> bool {
    is_punct(argument.first(), '\'')
}

fn inner(group: &proc_macro2::Group) -> Vec<TokenTree> {
    group.stream().into_iter().collect()
}

#[cfg(test)]
mod tests {
    use proc_macro2::{TokenStream, TokenTree};

    use super::{Declared, is_one_of, named};

    #[test]
    fn a_path_ends_in_its_own_arguments() {
        let tokens = |path: &str| -> Vec<TokenTree> {
            let tokens: TokenStream = path.parse().expect("Rust's tokens");
            tokens.into_iter().collect()
        };
        for (path, name, arguments) in [
            ("Own", "Own", 0),
            ("a::Own<'erased, T/#0>", "Own", 2),
            ("At<'_>::f::Own<Vec<fn() -> u8>, u8>", "Own", 2),
            ("<Option<At<'_>> as Tr<u8>>::g::Own<u8>", "Own", 1),
            ("At<'_>::f::Own", "Own", 0),
            ("{impl#0}::f::r#try<u8>", "try", 1),
        ] {
            let tokens = tokens(path);
            let (found, list) = named(&tokens).expect(path);
            assert_eq!((found.as_str(), list.len()), (name, arguments), "{path}");
        }
        for path in [
            "", "&u8", "Own<u8", "Own>", "At<'_>::", "<u8>", "fn(u8)", "1",
        ] {
            assert!(named(&tokens(path)).is_none(), "{path}");
        }
        assert!(is_one_of(&tokens("a::Own<u8>"), &["a::Own"]));
        assert!(!is_one_of(&tokens("a::Own<u8>::f::Own<u8>"), &["a::Own"]));
    }

    /// Invariant: CHECK-14
    #[test]
    fn declared_bounds_by_lifetimes_are_found() {
        let code = "
            struct Plain<'a, T>(&'a T) where T: Tr<'a> + Clone;
            struct Lent<'a, T>(&'a T) where T: 'a;
            enum Two<'a, 'b> where 'b:'a { A(&'a &'b u8) }
            union Named<T> where T: Iterator<Item: 'static> { it: T }
            fn f() { struct Inner<T>(T) where T: ?Sized + 'static; let it = (x as core::option::Option<u8>); }
        ";
        let declared = Declared::of(code.parse().expect("Rust's tokens"));
        let bounded: Vec<_> = declared.bounded.iter().map(String::as_str).collect();
        assert_eq!(bounded, ["Inner", "Lent", "Named", "Two"]);
    }
}
