//! The bodies of the generated methods, which make calls through a handle.

use crate::parse::{Argument, Kind, Method, Repeat};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

/// A name of the generated code's own, which clashes with no argument's name.
fn own(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// Generates one method of a proxy or shadow of `callee`. `path` names the method's trait: `callee` as its interface.
pub(crate) fn call(
    callee: &Ident,
    path: &TokenStream,
    method: &Method,
    krate: &TokenStream,
) -> TokenStream {
    let how = match (method.repeat, method.opens) {
        (Repeat::Replay, true) => quote!(invoke_open),
        (Repeat::Replay, false) => quote!(invoke_replay),
        _ => quote!(invoke),
    };
    let cfg = &method.attributes;
    let ident = &method.name;
    let names: Vec<_> = method.arguments.iter().map(|at| &at.name).collect();
    let types = method.arguments.iter().map(|at| &at.ty);
    let result = &method.result;
    let (object, body) = (own("object"), own("body"));
    let tuple = |lent: bool| {
        let names = method
            .arguments
            .iter()
            .filter(|argument| matches!(argument.kind, Kind::Lent(_)) == lent)
            .map(|argument| &argument.name);
        quote!((#(#names,)*))
    };
    let moved = tuple(false);
    // A recorded call has no lent arguments, so its body takes none.
    let lent = (method.repeat != Repeat::Replay).then(|| tuple(true));
    let lent: Vec<_> = lent.into_iter().collect();
    let (before, again) = again(method, krate);
    // The method is called in a closure outside of `unsafe`. The user's crate can give another meaning to the names
    // in that closure, and inside `unsafe` could have an unsafe function called.
    quote! {
        #(#cfg)*
        #[inline]
        fn #ident(&self, #(#names: #types),*) -> #result {
            #before
            let #body = |#object: &#callee, #moved, #(#lent),*| {
                #path::#ident(#object, #(#names),*)
            };
            // SAFETY: the body is one method call.
            unsafe { #krate::#how(self, #moved, #(#lent,)* #again #body) }
        }
    }
}

/// The name of the variable that keeps the shape of a `#[scratch]` argument for a retry.
fn shape_name(argument: &Argument) -> Ident {
    own(&format!("shape_of_{}", argument.name))
}

/// Generates the statements that stand before the call so that it can be repeated, and the argument that makes the
/// arguments of a retry, with its comma.
fn again(method: &Method, krate: &TokenStream) -> (TokenStream, TokenStream) {
    let arguments = &method.arguments;
    let again = own("again");
    // A retry passes a copy of a plain argument. If the argument cannot be copied, the compiler's error points at the
    // argument itself.
    let copies = arguments
        .iter()
        .filter(|argument| matches!(argument.kind, Kind::Moved))
        .map(|argument| {
            let ty = &argument.ty;
            quote_spanned!(ty.span()=> #krate::assert_repeatable::<#ty>();)
        });
    match method.repeat {
        Repeat::Never => {
            let before = quote!(let #again = || ::core::option::Option::None;);
            return (before, quote!(#again,));
        }
        Repeat::Replay => return (quote!(#(#copies)*), TokenStream::new()),
        Repeat::Idempotent => {}
    }
    let scratch = || {
        arguments
            .iter()
            .filter(|argument| matches!(argument.kind, Kind::Scratch))
    };
    let shape_names = scratch().map(shape_name);
    // The shapes are taken before the arguments are moved.
    let shapes = scratch().map(|argument| {
        let name = &argument.name;
        quote!(#krate::Scratch::shape(&#name))
    });
    let (value, error) = (own("value"), own("error"));
    let remade = arguments.iter().filter_map(|argument| {
        let name = &argument.name;
        match argument.kind {
            Kind::Lent(_) => None,
            Kind::Moved => Some(quote!(#name)),
            Kind::Scratch => {
                let shape = shape_name(argument);
                Some(quote! {
                    match #krate::Scratch::renew(#shape) {
                        ::core::result::Result::Ok(#value) => #value,
                        ::core::result::Result::Err(#error) => {
                            return ::core::option::Option::Some(::core::result::Result::Err(#error));
                        }
                    }
                })
            }
        }
    });
    let before = quote! {
        #(#copies)*
        #(let #shape_names = #shapes;)*
        let #again = move || ::core::option::Option::Some(::core::result::Result::Ok((#(#remade,)*)));
    };
    (before, quote!(#again,))
}
