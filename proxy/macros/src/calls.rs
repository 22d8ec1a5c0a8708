//! The bodies of the generated methods: what a call through a handle does.

use crate::parse::{Argument, Kind, Method, Repeat};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

/// A name of the generated code's own, which no argument's name can clash with.
fn own(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// One method through a proxy or shadow of `callee`; `path` is that as the trait.
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
    // What is recorded is lent nothing, so a body of it has no place for that.
    let lent = (method.repeat != Repeat::Replay).then(|| tuple(true));
    let lent: Vec<_> = lent.into_iter().collect();
    let (before, again) = again(method, krate);
    // In closures of their own, outside of `unsafe`: a crate can take for itself the names by which they reach
    // what they call, and would have an unsafe function called.
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

/// Where the shape of a `#[scratch]` argument is kept for a retry.
fn shape_name(argument: &Argument) -> Ident {
    own(&format!("shape_of_{}", argument.name))
}

/// What is done before the call so that it can be repeated, and the argument that repeats it, with its comma.
fn again(method: &Method, krate: &TokenStream) -> (TokenStream, TokenStream) {
    let arguments = &method.arguments;
    let again = own("again");
    // A plain argument is repeated by copy: said at its own place when it cannot be.
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
    // Taken before the argument is moved away.
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
