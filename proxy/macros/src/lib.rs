#![doc = include_str!("../README.md")]
//!
//! # Map
//!
//! | macro | effect |
//! |---|---|
//! | [`interface`](macro@interface) | implements the trait for `Proxy<dyn Trait>` and `Shadow<dyn Trait>` |
//!
//! The words *domain*, *owner word*, *cut*, *mint* and others are explained in the
//! [glossary](https://github.com/samara-rs/samara/blob/main/docs/glossary.md).

mod calls;
mod emit;
mod parse;

use proc_macro::TokenStream;
use syn::{Error, ItemTrait, parse_macro_input};

/// The crates through which a user reaches the proxies.
const SUPPORT: [&str; 3] = ["samara-proxy", "samara-domain", "samara"];

/// Makes a trait callable across domains: `Proxy<dyn Trait>` and `Shadow<dyn Trait>` implement it.
///
/// Methods take `&self`, exchangeable values (which move to the callee) and values that are lent for the call
/// (`&RRef<T>`, and `&[T]` and `&str` of plain data), and return a `Result` whose error is `From<RpcError>`. The
/// trait may have type and const parameters, and supertraits that are interfaces.
///
/// For shadows, and for objects that were handed out through one:
/// - `#[idempotent]` on a method: a call that was cut short is repeated. Moved arguments must then be `Copy`, or
///   `#[scratch]`, which a repetition makes anew.
/// - `#[replay]`: all calls that succeeded are also made again, in order, after each restart; at least once each, so
///   their effect must be the same the second time. Arguments are `Copy`. The record belongs to the domain that makes
///   the call: it is charged to that domain's `host_quota` and ends with that domain. If a recorded call fails when
///   it is made again, all calls that its domain has on that record are given up.
/// - `#[replay]` on a method that returns `Result<Proxy<dyn Other>, E>`: the proxy stays valid across a restart. Its
///   next use makes the call again, and goes to the object that this call returns. This ability also ends with the
///   domain that made the call. A proxy that already recovers is handed out as it is.
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
    let krate = samara_support_crate::path(&SUPPORT, "`#[interface]`")?;
    Ok(emit::emit(&interface, &krate))
}
