//! Checks that a domain's root file forbids unsafe code
//! (docs/design.md#d10-a-domain-is-safe-rust-from-reviewed-crates). No other file of the crate can undo this. Also
//! checks that the crate is `no_std`, because the hidden state of `std` (thread-locals, buffers) outlives the domain.

use std::fs;
use std::path::Path;

use proc_macro2::{TokenStream, TokenTree};

use super::misread;
use super::tokens::is_punct;
use crate::finding::{Finding, Findings, Rule};

/// Checks that the root file at `root` forbids unsafe code.
pub(super) fn forbids_unsafe(root: &Path) -> Findings {
    let wanted = "#![forbid(unsafe_code)]";
    check_root(root, Rule::ForbidsUnsafe, wanted, names_the_lint)
}

/// Checks that the root file at `root` is `#![no_std]`.
pub(super) fn is_without_std(root: &Path) -> Findings {
    check_root(root, Rule::Std, "#![no_std]", is_no_std)
}

fn check_root(root: &Path, rule: Rule, wanted: &str, is_it: fn(TokenStream) -> bool) -> Findings {
    let problem = match fs::read_to_string(root) {
        Err(error) => (Rule::NotUnderstood, format!("could not be read: {error}")),
        Ok(source) => match has_attribute(&source, is_it) {
            Ok(true) => return Findings::new(),
            Ok(false) => (rule, format!("the root lacks {wanted}")),
            Err(error) => (Rule::NotUnderstood, format!("could not be parsed: {error}")),
        },
    };
    vec![Finding::new(problem.0, problem.1).at(root)]
}

/// Whether `source` itself has an inner attribute that satisfies `is_it`.
///
/// An attribute inside `cfg_attr` does not count, because a feature must not be able to switch it off.
fn has_attribute(
    source: &str,
    is_it: fn(TokenStream) -> bool,
) -> Result<bool, proc_macro2::LexError> {
    let source = misread::compiled(source).parse::<TokenStream>()?;
    let tokens: Vec<TokenTree> = source.into_iter().collect();
    Ok(tokens.windows(3).any(|window| match window {
        [
            TokenTree::Punct(hash),
            TokenTree::Punct(bang),
            TokenTree::Group(attribute),
        ] => hash.as_char() == '#' && bang.as_char() == '!' && is_it(attribute.stream()),
        _ => false,
    }))
}

fn is_no_std(attribute: TokenStream) -> bool {
    let tokens: Vec<TokenTree> = attribute.into_iter().collect();
    matches!(&tokens[..], [TokenTree::Ident(name)] if name == "no_std")
}

/// Whether this is `forbid(unsafe_code)`, possibly among other lints. A tool's lint, as in `clippy::unsafe_code`, is
/// a different one.
fn names_the_lint(attribute: TokenStream) -> bool {
    let tokens: Vec<TokenTree> = attribute.into_iter().collect();
    match &tokens[..] {
        [TokenTree::Ident(level), TokenTree::Group(lints)] => {
            let lints: Vec<TokenTree> = lints.stream().into_iter().collect();
            let mut lints = lints.split(|token| is_punct(Some(token), ','));
            level == "forbid"
                && lints
                    .any(|lint| matches!(lint, [TokenTree::Ident(lint)] if lint == "unsafe_code"))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{has_attribute, is_no_std, names_the_lint};

    /// Invariant: CHECK-1, CHECK-7
    #[test]
    fn only_the_real_attribute_counts() {
        let forbids = |source: &str| has_attribute(source, names_the_lint).expect("Rust");
        assert!(forbids(
            "//! Docs.\n#![no_std]\n#![forbid(unsafe_code)]\nfn f() {}"
        ));
        assert!(forbids("#![forbid(missing_docs, unsafe_code)]"));
        assert!(forbids("#![forbid(unsafe_code, reason = \"a domain\")]"));
        for source in [
            "",
            "#![deny(unsafe_code)]",
            "#![forbid(clippy::unsafe_code)]",
            "#![forbid(unsafe_code::x, x::unsafe_code)]",
            "#![forbid(reason = unsafe_code)]",
            "#!/bin/x /*\n// */ #![forbid(unsafe_code)]",
            "// #![forbid(unsafe_code)]",
            "//! #![forbid(unsafe_code)]",
            "#[forbid(unsafe_code)] mod inner {}",
            "mod inner { #![forbid(unsafe_code)] }",
            "#![cfg_attr(feature = \"x\", forbid(unsafe_code))]",
            "const S: &str = \"#![forbid(unsafe_code)]\";",
        ] {
            assert!(!forbids(source), "{source}");
        }
    }

    /// Invariant: CHECK-1
    #[test]
    fn no_std_counts_only_at_the_root() {
        let says = |source: &str| has_attribute(source, is_no_std).expect("Rust");
        assert!(says("//! Docs.\n#![no_std]\n#![forbid(unsafe_code)]"));
        for source in [
            "",
            "//! #![no_std]",
            "#![cfg_attr(not(test), no_std)]",
            "#[no_std] mod inner {}",
            "mod inner { #![no_std] }",
        ] {
            assert!(!says(source), "{source}");
        }
    }
}
