//! Checks the attributes in expanded code: an attribute that is on no list is refused.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use super::invocation::is_protecting;
use super::tokens::{is_punct, plain};
use crate::finding::Rule;
use crate::review::{Review, names};

/// Attributes that change how a symbol is linked or how code is entered, or that define a part of the program as a
/// whole. Macros of older editions may write some of them without the word `unsafe`.
const LINKER: &[&str] = &[
    "alloc_error_handler",
    "crate_type",
    "export_name",
    "export_stable",
    "ffi_const",
    "ffi_pure",
    "global_allocator",
    "instruction_set",
    "link",
    "link_args",
    "link_name",
    "link_ordinal",
    "link_section",
    "linkage",
    "naked",
    "no_builtins",
    "no_link",
    "no_main",
    "no_mangle",
    "no_start",
    "panic_handler",
    "start",
    "target_feature",
    "used",
];

/// Attributes that need an unstable feature.
const UNSTABLE: &[&str] = &[
    "allow_internal_unsafe",
    "allow_internal_unstable",
    "const_trait",
    "feature",
    "fundamental",
    "lang",
    "may_dangle",
    "needs_allocator",
    "no_core",
    "panic_runtime",
    "register_tool",
    "thread_local",
    "unstable",
];

/// Whether a group is an attribute, given the tokens before it.
pub(super) fn is_one(group: &Group, before: &[TokenTree]) -> bool {
    let mut before = before.iter().rev();
    let follows_hash = match before.next() {
        Some(token) if is_punct(Some(token), '!') => is_punct(before.next(), '#'),
        token => is_punct(token, '#'),
    };
    group.delimiter() == Delimiter::Bracket && follows_hash
}

/// Returns what is wrong with an attribute, if anything. Unknown attributes are allowed in a macro's definition
/// (`template`), because they may be the input of another macro that removes them.
pub(super) fn judge(
    attribute: TokenStream,
    review: &Review,
    template: bool,
) -> Option<(Rule, String)> {
    let tokens: Vec<TokenTree> = attribute.into_iter().collect();
    let mut path = String::new();
    let mut arguments = String::new();
    for token in &tokens {
        match token {
            TokenTree::Ident(word) if arguments.is_empty() => path.push_str(&plain(word)),
            TokenTree::Punct(mark) if mark.as_char() == ':' => path.push(':'),
            token => arguments.push_str(&token.to_string()),
        }
    }
    if path == "deprecated" && !template {
        let what = "attribute deprecated, whose note the compiler prints as if it were code: describe the deprecation in the docs";
        return Some((Rule::UnknownAttribute, what.to_owned()));
    }
    let is_in = |list: &[&str]| list.contains(&path.as_str());
    let rule = if path == "unsafe" {
        return Some((
            Rule::UnsafeAttribute,
            format!("unsafe attribute {arguments}"),
        ));
    } else if is_in(LINKER) {
        Rule::LinkerAttribute
    } else if path == "feature" && arguments == "(prelude_import)" {
        // The compiler adds this attribute to all expanded code.
        return None;
    } else if is_in(UNSTABLE) || path.starts_with("rustc_") {
        Rule::Unstable
    } else if path.starts_with("proc_macro") {
        Rule::CrateKind
    } else if matches!(path.as_str(), "allow" | "expect" | "warn") && lowers(&tokens) {
        Rule::LintUndone
    } else if path == "path" && !template && !arguments.ends_with(".rs\"") {
        let what = format!("a module in the file {arguments}, whose name does not end in .rs");
        return Some((Rule::OutsideFile, what));
    } else if names(&review.attributes, &path) || template {
        return None;
    } else {
        Rule::UnknownAttribute
    };
    Some((rule, format!("attribute {path}")))
}

/// Whether the attribute's list of lints names the lint that protects the domain.
fn lowers(attribute: &[TokenTree]) -> bool {
    attribute.iter().any(|token| match token {
        TokenTree::Group(lints) => lints
            .stream()
            .into_iter()
            .any(|lint| matches!(lint, TokenTree::Ident(lint) if is_protecting(&plain(&lint)))),
        _ => false,
    })
}
