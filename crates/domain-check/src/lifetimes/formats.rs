//! Macros that are still there after expansion, and whose arguments are expressions.

use proc_macro2::TokenStream;
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{Expr, Macro, Token};

/// The arguments of such a macro; of another one, those that can be read as if it were.
pub(super) fn arguments(call: &Macro) -> impl Iterator<Item = Expr> {
    let read = Punctuated::<Expr, Token![,]>::parse_terminated;
    let tokens: TokenStream = call.tokens.clone();
    read.parse2(tokens).into_iter().flatten()
}
