//! The crate through which the user's code reaches the proxy's support code.

use proc_macro_crate::{FoundCrate, crate_name};
use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::Error;

const CRATES: [&str; 3] = ["samara-proxy", "samara-domain", "samara"];

/// Returns the path of the support module.
pub(crate) fn support_crate() -> Result<TokenStream, Error> {
    for name in CRATES {
        if let Ok(found) = crate_name(name) {
            let ident = match found {
                // This includes the crate's own tests and examples: it says `extern crate self as …`.
                FoundCrate::Itself => format_ident!("{}", name.replace('-', "_")),
                FoundCrate::Name(name) => format_ident!("{}", name),
            };
            return Ok(quote!(::#ident::__private));
        }
    }
    Err(Error::new(
        Span::call_site(),
        "`#[interface]` needs one of `samara-domain`, `samara` or `samara-proxy` among the dependencies",
    ))
}
