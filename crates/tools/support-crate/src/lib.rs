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
#![forbid(unsafe_code)]

use proc_macro_crate::{FoundCrate, crate_name};
use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::Error;

/// The path of the support module: `::krate::__private`. The crates are looked for in the order of `names`.
///
/// # Errors
/// If none is a dependency. The message says that `asker`, a macro as it is written, needs one.
pub fn path(names: &[&str], asker: &str) -> Result<TokenStream, Error> {
    for name in names {
        if let Ok(found) = crate_name(name) {
            let ident = match found {
                // This includes the crate's own tests and examples: it says `extern crate self as …`.
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
