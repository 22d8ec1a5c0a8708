//! Reads code in which the compiler has printed each expression with the type that it resolved: `(expression as
//! Type)`. So no renaming, import or macro hides a type.

use proc_macro2::{TokenStream, TokenTree};

use super::expand::{self, Reader, Run};
use super::on_a_large_stack;
use super::places;
use super::tokens::{is_punct, is_word};
use crate::build::Invocation;

/// The detail with which types are printed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Told {
    /// As in source code.
    Plainly,
    /// With the signatures of closures, and with lifetimes: `'b0` is the binder's first lifetime, and any other
    /// lifetime is `'erased`.
    Wholly,
}

/// Applies `look` to the unit's code, printed with types.
pub(super) fn look<T: Send>(
    told: Told,
    invocation: &Invocation,
    run: &Run<'_>,
    look: impl FnOnce(TokenStream) -> T + Send,
) -> Result<T, String> {
    let mut arguments = vec!["-Zunpretty=hir,typed".to_owned()];
    if told == Told::Wholly {
        arguments.push("-Zverbose-internals".to_owned());
    }
    let typed = expand::told(invocation, &arguments, Reader::Checks, run)?;
    on_a_large_stack(|| {
        let typed = match told {
            Told::Plainly => typed,
            Told::Wholly => with_tokens(&typed),
        };
        Ok(look(read(&typed)?))
    })
}

/// Reads types in the compiler's own notation, as `-Zverbose-internals` prints them.
pub(super) fn tokens(printed: &str) -> Result<TokenStream, String> {
    read(&with_tokens(printed))
}

/// Reads the compiler's output.
pub(super) fn read(typed: &str) -> Result<TokenStream, String> {
    are_known(typed)?;
    let tokens = places::without(typed)?.parse::<TokenStream>();
    let tokens = tokens.map_err(|error| format!("could not read the code's types: {error}"))?;
    if is_deeper(tokens.clone(), DEPTH) {
        return Err(format!(
            "it nests deeper than {DEPTH} groups or `else if`s, as the compiler prints it: take it apart"
        ));
    }
    if is_cut(tokens.clone()) {
        return Err("the compiler prints a type only in part because it is too long, so the type is not understood".to_owned());
    }
    Ok(tokens)
}

/// The deepest nesting of groups, and the longest chain of `else if`s in a group. Some checks visit the inner tokens
/// once for each group around them, and the compiler indents its output of bodies by the depth: both take time that
/// is quadratic in the nesting.
const DEPTH: usize = 300;

/// Whether groups nest deeper than `most`, or a chain of `else if`s is longer.
fn is_deeper(source: TokenStream, most: usize) -> bool {
    let (mut chained, mut follows_else) = (0_usize, false);
    source.into_iter().any(|token| {
        chained += usize::from(follows_else && is_word(&token, "if"));
        follows_else = is_word(&token, "else");
        let is_deeper = match (token, most.checked_sub(1)) {
            (TokenTree::Group(group), Some(most)) => is_deeper(group.stream(), most),
            (TokenTree::Group(_), None) => true,
            _ => false,
        };
        is_deeper || chained > DEPTH
    })
}

/// The beginning of a parsed attribute in the compiler's output, and the attributes in which the compiler escapes all
/// of the domain's strings. It prints, for example, the note of `#[deprecated]` without escapes, so two notes could
/// begin and end a comment.
const ATTRIBUTE: &str = "[attr = ";
const ESCAPED: &[&str] = &[
    "AutomaticallyDerived",
    "CfgAttrTrace",
    "CfgTrace",
    "Cold",
    "Coverage",
    "DoNotRecommend",
    "Doc",
    "Inline",
    "MacroExport",
    "MacroUse",
    "MustUse",
    "NoImplicitPrelude",
    "NoStd",
    "NonExhaustive",
    "OnUnimplemented",
    "Path",
    "PreludeImport",
    "Repr",
    "TrackCaller",
];

/// Checks that each printed attribute is one of [`ESCAPED`]. This check must run before the output is read as tokens.
fn are_known(typed: &str) -> Result<(), String> {
    for after in typed.split(ATTRIBUTE).skip(1) {
        let name = after.split(|it: char| !it.is_alphanumeric()).next();
        let name = name.unwrap_or_default();
        if !ESCAPED.contains(&name) {
            return Err(format!(
                "the attribute {name} is printed among the code's types, and not understood: its texts may read as code"
            ));
        }
    }
    Ok(())
}

/// The compiler's spellings of a binder's lifetimes and of erased lifetimes.
const BOUND: &str = "'^";
const ERASED: &str = "'{erased}";

/// The beginning of an item's number and path in the compiler's notation.
const ITEM: &str = "DefId(";

/// Turns the compiler's internal notation into text that consists of valid tokens: lifetimes get names, and the
/// numbers and paths of items are removed. A part that is replaced contains no double quote and no comment mark. So
/// if a string of the domain looks like such a part, the string still ends at the same place.
fn with_tokens(typed: &str) -> String {
    let mut rest = typed;
    let mut all = String::with_capacity(typed.len());
    while let Some(at) = [BOUND, ERASED, ITEM]
        .iter()
        .filter_map(|it| rest.find(it))
        .min()
    {
        let (before, after) = rest.split_at(at);
        all.push_str(before);
        rest = if let Some(after) = after.strip_prefix(ERASED) {
            all.push_str("'erased");
            after
        } else if let Some(after) = after.strip_prefix(BOUND) {
            let digits = after.find(|it: char| !it.is_ascii_digit() && it != '_');
            let (number, after) = after.split_at(digits.unwrap_or(after.len()));
            all.push_str("'b");
            all.push_str(number);
            let name = after.strip_prefix(".Named(").and_then(behind_item);
            name.and_then(|it| it.strip_prefix(')')).unwrap_or(after)
        } else {
            all.push_str("DefId");
            behind_item(after).unwrap_or(&after["DefId".len()..])
        };
    }
    all.push_str(rest);
    all
}

/// Returns the text after the number and the path of an item: `DefId(0:27 ~ a[385e]::{impl#0}::'_#1)`.
fn behind_item(text: &str) -> Option<&str> {
    let path = text.strip_prefix(ITEM)?;
    let is_of_a_path = |it: char| it.is_alphanumeric() || "_:~[]{}#' ".contains(it);
    path.trim_start_matches(is_of_a_path).strip_prefix(')')
}

/// Whether a type was printed only in part. Three dots mark the part that is left out. Three dots in a pattern are a
/// range instead: an end follows them, or a number precedes them.
fn is_cut(source: TokenStream) -> bool {
    let tokens: Vec<TokenTree> = source.into_iter().collect();
    let dots = |window: &[TokenTree]| window.iter().all(|it| is_punct(Some(it), '.'));
    let cut = tokens.windows(3).enumerate().any(|(at, window)| {
        let before = at.checked_sub(1).and_then(|at| tokens.get(at));
        dots(window)
            && !matches!(before, Some(TokenTree::Literal(_)))
            && match tokens.get(at + 3) {
                Some(TokenTree::Literal(_)) => false,
                Some(TokenTree::Ident(word)) => word == "as",
                next => !is_punct(next, '-') && !is_punct(next, '<'),
            }
    });
    let mut groups = tokens.into_iter();
    cut || groups.any(|it| matches!(it, TokenTree::Group(group) if is_cut(group.stream())))
}

#[cfg(test)]
mod tests {
    use super::{DEPTH, Told, are_known, is_cut, look, read, with_tokens};
    use crate::check::expand::tests::Compiled;

    /// Every attribute that a domain may have. Its strings would hide `seen` if the compiler printed them without
    /// escapes.
    const ATTRIBUTES: &str = "
        #![no_std]
        #![doc(html_root_url = \"a\\\"/*b\")]
        #![allow(unknown_lints, reason = \"a\\\"/*b\")]
        //! a \" /* b
        #[macro_use] extern crate alloc;
        /// a \" /* b
        /** a \" /* b */ */
        #[doc = \"a\\\"/*b\nc\"] #[doc = r#\"a\"/*b
            c\"#] #[doc(alias = \"a_b\")] #[inline] #[track_caller] #[must_use = \"a\\\"/*b\"] pub fn a() -> u8 { 0 }
        #[cold] #[inline(never)] #[must_use] #[doc(hidden)] pub fn b() -> u8 { 0 }
        #[non_exhaustive] #[repr(u8)]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, PartialOrd, Ord)]
        pub enum C { #[default] A, #[non_exhaustive] B {} }
        #[repr(C, align(8))] pub struct D(#[doc = \"a\\\"/*b\"] u8);
        #[diagnostic::on_unimplemented(message = \"a\\\"/*b\", label = \"a\\\"/*b\", note = \"a\\\"/*b\")] pub trait E {}
        #[diagnostic::do_not_recommend] impl E for u8 {}
        #[macro_export] macro_rules! m { () => {} }
        #[macro_use] mod n { macro_rules! o { () => {} } }
        #[cfg(not(feature = \"a\\\"/*b\"))] #[cfg_attr(not(feature = \"a\\\"/*b\"), inline)] pub fn g() {}
        #[cfg(not(all(unix, feature = \"*/\")))] pub fn h() {}
        #[expect(unused, reason = \"a\\\"/*b\")] fn f() {}
        pub fn seen() {}
    ";

    /// Invariant: CHECK-14
    #[test]
    fn texts_of_attributes_hide_no_code() {
        let tried = Compiled::new("attributes", ATTRIBUTES, &["-Aunused"]);
        for told in [Told::Plainly, Told::Wholly] {
            let tokens = look(told, &tried.invocation, &Compiled::run, |code| {
                code.to_string()
            });
            let tokens = tokens.expect("it is understood");
            assert!(tokens.contains("fn seen ()"), "{tokens}");
        }
        let notes = "#[deprecated(note = \"/*\")] pub fn a() {} pub fn hidden() {} #[deprecated = \"*/\"] pub fn b() {}";
        let tried = Compiled::new("notes", notes, &["-Aunused"]);
        let problem = look(Told::Plainly, &tried.invocation, &Compiled::run, drop);
        assert!(problem.is_err_and(|it| it.contains("the attribute Deprecated")));
        assert!(are_known("#[attr = Unknown]").is_err() && are_known("#![attr = NoStd]").is_ok());
    }

    #[test]
    fn code_that_nests_deep_is_refused() {
        let nested = |depth: usize| format!("{}1{}", "(".repeat(depth), ")".repeat(depth));
        assert!(read(&nested(DEPTH)).is_ok());
        let problem = read(&nested(DEPTH + 1));
        assert!(problem.is_err_and(|it| it.contains("nests deeper")));
        let chained = |length: usize| format!("if a {{}}{}", " else if a {}".repeat(length));
        assert!(read(&chained(DEPTH)).is_ok() && read(&chained(DEPTH + 1)).is_err());
    }

    /// Invariant: CHECK-13
    #[test]
    fn types_printed_in_part_are_refused() {
        let is_cut = |typed: &str| is_cut(typed.parse().expect("Rust's tokens"));
        for typed in [
            "(x as &mut ...)",
            "(x as ...)",
            "(x as fn(..., u8) -> ... {f})",
            "(x as Option<...>)",
            "(x as fn(usize) -> u8 {...::new})",
            "(x as <... as Iterator>::Item)",
        ] {
            assert!(is_cut(typed), "{typed}");
        }
        for typed in [
            "match x { 1...5 => 2, ...9 => 1, A...B => 0, -2...-1 => 3, (7..., S(8...)) => 4 }",
            "(0..5, S { ..x }, [a, ..])",
            "\"...\"",
        ] {
            assert!(!is_cut(typed), "{typed}");
        }
    }

    /// Invariant: CHECK-13
    #[test]
    fn the_compilers_own_notation_becomes_tokens() {
        for (printed, tokens) in [
            (
                "for<Region(BrNamed(DefId(0:27 ~ a[3e5e]::{impl#0}::'a))), Region(BrAnon)> fn(&'^0.Named(DefId(0:27 ~ a[3e5e]::{impl#0}::'a)) T, &'^1 u8)",
                "for<Region(BrNamed(DefId)), Region(BrAnon)> fn(&'b0 T, &'b1 u8)",
            ),
            ("&'{erased} fn(&'^1_0 u8)", "&'erased fn(&'b1_0 u8)"),
            (
                "Opaque(DefId(0:7 ~ d[22d0]::f::{opaque#0}), ['{erased}])",
                "Opaque(DefId, ['erased])",
            ),
        ] {
            assert_eq!(with_tokens(printed), tokens);
        }
        // Each string still ends at the same place.
        let text = "(\"DefId(0:1 ~ a[0]::\" , hidden(1), \")\")";
        assert!(with_tokens(text).contains("\" , hidden(1), \")\")"));
        let text = "(\"'^0.Named(DefId(0:1\", hidden(1))";
        assert!(with_tokens(text).contains("\", hidden(1))"));
    }
}
