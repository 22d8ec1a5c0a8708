//! A domain's root file forbids unsafe code, which no inner file can undo (DESIGN D10).

use std::fs;

use proc_macro2::{TokenStream, TokenTree};

use super::Findings;
use crate::metadata::Package;

/// Checks the root file of `domain`'s library.
pub(super) fn check(domain: &Package) -> Findings {
    let Some(root) = &domain.library else {
        return vec![format!("{} has no library", domain.name)];
    };
    let forbids = match fs::read_to_string(root) {
        Ok(source) => forbids_unsafe_code(&source),
        Err(error) => return vec![format!("could not read {}: {error}", root.display())],
    };
    match forbids {
        Ok(true) => Findings::new(),
        Ok(false) => vec![format!("{} lacks #![forbid(unsafe_code)]", root.display())],
        Err(error) => vec![format!("could not parse {}: {error}", root.display())],
    }
}

/// Whether `source` has the attribute `#![forbid(unsafe_code)]` of its own, possibly among other lints.
///
/// `cfg_attr` does not count: a feature must not decide over it.
fn forbids_unsafe_code(source: &str) -> Result<bool, proc_macro2::LexError> {
    let tokens: Vec<TokenTree> = source.parse::<TokenStream>()?.into_iter().collect();
    Ok(tokens.windows(3).any(|window| match window {
        [
            TokenTree::Punct(hash),
            TokenTree::Punct(bang),
            TokenTree::Group(attribute),
        ] => hash.as_char() == '#' && bang.as_char() == '!' && names_the_lint(attribute.stream()),
        _ => false,
    }))
}

fn names_the_lint(attribute: TokenStream) -> bool {
    let tokens: Vec<TokenTree> = attribute.into_iter().collect();
    match &tokens[..] {
        [TokenTree::Ident(level), TokenTree::Group(lints)] => {
            level == "forbid"
                && lints
                    .stream()
                    .into_iter()
                    .any(|lint| matches!(lint, TokenTree::Ident(lint) if lint == "unsafe_code"))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::forbids_unsafe_code;

    #[test]
    fn only_the_real_attribute_counts() {
        let forbids = |source: &str| forbids_unsafe_code(source).expect("Rust");
        assert!(forbids(
            "//! Docs.\n#![no_std]\n#![forbid(unsafe_code)]\nfn f() {}"
        ));
        assert!(forbids("#![forbid(missing_docs, unsafe_code)]"));
        assert!(forbids("#![forbid(unsafe_code, reason = \"a domain\")]"));
        for source in [
            "",
            "#![deny(unsafe_code)]",
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
}
