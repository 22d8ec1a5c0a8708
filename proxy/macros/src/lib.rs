//! `#[interface]`: see `samara_proxy`.

mod emit;
mod parse;
mod support;

use proc_macro::TokenStream;
use syn::{Error, ItemTrait, parse_macro_input};

/// Makes a trait callable across domains: `Proxy<dyn Trait>` and `Shadow<dyn Trait>` implement it.
///
/// Methods take `&self`, exchangeable values (which move to the callee) and `&RRef<T>` (lent for the
/// call), and return a `Result` whose error is `From<RpcError>`. `#[idempotent]` on a method lets a
/// shadow repeat it; its moved arguments are then `Copy`, or `#[scratch]`: made again.
#[proc_macro_attribute]
pub fn interface(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as ItemTrait);
    expand(&arguments, item)
        .unwrap_or_else(Error::into_compile_error)
        .into()
}

fn expand(arguments: &TokenStream, item: ItemTrait) -> Result<proc_macro2::TokenStream, Error> {
    if !arguments.is_empty() {
        return Err(Error::new(
            proc_macro2::Span::call_site(),
            "`#[interface]` takes no arguments",
        ));
    }
    let interface = parse::Interface::parse(item)?;
    let krate = support::support_crate()?;
    Ok(emit::emit(&interface, &krate))
}
