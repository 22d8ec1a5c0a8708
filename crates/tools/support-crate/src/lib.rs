#![doc = include_str!("../README.md")]
//!
//! # Map
//!
//! | function | effect |
//! |---|---|
//! | [`path()`] | finds the crate among the user's dependencies |
//!
//! The words *domain*, *owner word*, *cut*, *mint* and others are explained in the
//! [glossary](https://github.com/samara-rs/samara/blob/main/docs/glossary.md).
#![doc(html_root_url = "https://docs.rs/samara-support-crate/latest")]
#![forbid(unsafe_code)]

use proc_macro_crate::{FoundCrate, crate_name};
use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::Error;

/// Returns the path of the support module, `::name::__private`, of the first crate of `names` that is a dependency.
///
/// # Errors
/// If none of them is a dependency. The message says that `asker`, the macro as a user writes it, needs one of the
/// crates.
pub fn path(names: &[&str], asker: &str) -> Result<TokenStream, Error> {
    for name in names {
        if let Ok(found) = crate_name(name) {
            let ident = match found {
                // In this case the macro expands in the crate itself, or in its tests or examples. The path is valid
                // in all of them, because the crate declares `extern crate self as …`.
                FoundCrate::Itself => format_ident!("{}", name.replace('-', "_")),
                FoundCrate::Name(name) => format_ident!("{}", name),
            };
            return Ok(quote!(::#ident::__private));
        }
    }
    let (last, others) = names.split_last().unwrap_or((&"", &[]));
    let others: Vec<_> = others.iter().map(|name| format!("`{name}`")).collect();
    Err(Error::new(
        Span::call_site(),
        format!(
            "{asker} needs one of {} or `{last}` among the dependencies",
            others.join(", ")
        ),
    ))
}
