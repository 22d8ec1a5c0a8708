//! The generated code: the trait itself, its descriptor, and its implementations for `Proxy` and
//! `Shadow`.

use crate::parse::{Argument, Interface, Kind, Method};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Type;
use syn::spanned::Spanned;

pub(crate) fn emit(interface: &Interface, krate: &TokenStream) -> TokenStream {
    let mut item = interface.item.clone();
    let name = &item.ident;
    item.supertraits
        .push(syn::parse_quote!(::core::marker::Send));
    item.supertraits
        .push(syn::parse_quote!(::core::marker::Sync));
    item.supertraits.push(syn::parse_quote!('static));
    let text = name.to_string();
    let descriptors = interface
        .methods
        .iter()
        .map(|method| descriptor(method, krate));
    let checks = interface.methods.iter().map(|method| checks(method, krate));
    let proxied = interface
        .methods
        .iter()
        .map(|method| proxied(name, method, krate));
    let shadowed = interface
        .methods
        .iter()
        .map(|method| shadowed(name, method, krate));
    quote! {
        #item

        const _: () = {
            // SAFETY: `dyn Trait`; every argument and result is checked below.
            unsafe impl #krate::Interface for dyn #name {
                const NAME: &'static str = #text;
                const DESCRIPTOR: #krate::InterfaceDescriptor = #krate::InterfaceDescriptor {
                    name: #text,
                    methods: &[#(#descriptors),*],
                };
            }

            // SAFETY: an unsizing coercion keeps the address.
            unsafe impl<T: #name> #krate::Implements<T> for dyn #name {
                fn unsize(object: #krate::NonNull<T>) -> #krate::NonNull<Self> {
                    object
                }
            }

            #[allow(dead_code)]
            fn every_argument_and_result_may_cross() {
                #(#checks)*
            }

            #[automatically_derived]
            impl #name for #krate::Proxy<dyn #name> {
                #(#proxied)*
            }

            #[automatically_derived]
            impl #name for #krate::Shadow<dyn #name> {
                #(#shadowed)*
            }
        };
    }
}

/// A name of the generated code's own, which no argument's name can clash with.
fn own(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// What crosses for an argument, as a type that describes itself.
fn crossing(argument: &Argument) -> &Type {
    match &argument.kind {
        Kind::Lent(inner) => inner,
        Kind::Moved | Kind::Scratch => &argument.ty,
    }
}

fn descriptor(method: &Method, krate: &TokenStream) -> TokenStream {
    let cfg = &method.attributes;
    let name = method.name.to_string();
    let arguments = method.arguments.iter().map(crossing);
    let result = &method.result;
    quote! {
        #(#cfg)*
        #krate::MethodDescriptor {
            name: #name,
            arguments: &[#(<#arguments as #krate::Exchangeable>::DESCRIPTOR),*],
            result: <#result as #krate::Exchangeable>::DESCRIPTOR,
        }
    }
}

fn checks(method: &Method, krate: &TokenStream) -> TokenStream {
    let cfg = &method.attributes;
    let arguments = method.arguments.iter().map(|argument| {
        let ty = crossing(argument);
        match argument.kind {
            Kind::Lent(_) => quote_spanned!(ty.span()=> #krate::assert_lend::<#ty>();),
            Kind::Moved | Kind::Scratch => {
                quote_spanned!(ty.span()=> #krate::assert_exchangeable::<#ty>();)
            }
        }
    });
    let result = &method.result;
    let result = quote_spanned!(result.span()=> #krate::assert_result::<#result>(););
    quote!(#(#cfg)* { #(#arguments)* #result })
}

/// The signature and the pieces that both implementations need.
struct Pieces {
    head: TokenStream,
    /// The moved arguments as a tuple, pattern and expression alike.
    moved: TokenStream,
    /// The receiver in `call`.
    object: Ident,
    call: TokenStream,
}

fn pieces(name: &Ident, method: &Method) -> Pieces {
    let cfg = &method.attributes;
    let ident = &method.name;
    let names: Vec<_> = method
        .arguments
        .iter()
        .map(|argument| &argument.name)
        .collect();
    let types = method.arguments.iter().map(|argument| &argument.ty);
    let result = &method.result;
    let object = own("object");
    let moved = method
        .arguments
        .iter()
        .filter(|argument| !matches!(argument.kind, Kind::Lent(_)))
        .map(|argument| &argument.name);
    Pieces {
        head: quote!(#(#cfg)* #[inline] fn #ident(&self, #(#names: #types),*) -> #result),
        moved: quote!((#(#moved,)*)),
        call: quote!(<dyn #name as #name>::#ident(#object, #(#names),*)),
        object,
    }
}

fn proxied(name: &Ident, method: &Method, krate: &TokenStream) -> TokenStream {
    let Pieces {
        head,
        moved,
        object,
        call,
    } = pieces(name, method);
    quote! {
        #head {
            // SAFETY: the body is one method call; only borrowed arguments are captured.
            #krate::flatten(unsafe {
                #krate::invoke(self, #moved, |#object: &dyn #name, #moved| #call)
            })
        }
    }
}

/// Where the shape of a `#[scratch]` argument is kept for a retry.
fn shape_name(argument: &Argument) -> Ident {
    own(&format!("shape_of_{}", argument.name))
}

fn shadowed(name: &Ident, method: &Method, krate: &TokenStream) -> TokenStream {
    let Pieces {
        head,
        moved,
        object,
        call,
    } = pieces(name, method);
    let arguments = &method.arguments;
    let shapes = arguments.iter().filter_map(|argument| {
        let name = &argument.name;
        // Taken before the argument is moved away.
        matches!(argument.kind, Kind::Scratch).then(|| quote!(#krate::Scratch::shape(&#name)))
    });
    let shape_names: Vec<_> = arguments
        .iter()
        .filter(|argument| matches!(argument.kind, Kind::Scratch))
        .map(shape_name)
        .collect();
    let (again, value, error) = (own("again"), own("value"), own("error"));
    let remake = if method.idempotent {
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
        quote!(move || ::core::option::Option::Some(::core::result::Result::Ok((#(#remade,)*))))
    } else {
        quote!(|| ::core::option::Option::None)
    };
    // A plain argument is repeated by copy: said at its own place when it cannot be.
    let copies = arguments.iter().filter_map(|argument| {
        let ty = &argument.ty;
        (method.idempotent && matches!(argument.kind, Kind::Moved))
            .then(|| quote_spanned!(ty.span()=> #krate::assert_repeatable::<#ty>();))
    });
    quote! {
        #head {
            #(#copies)*
            #(let #shape_names = #shapes;)*
            let #again = #remake;
            // SAFETY: the body is one method call; only borrowed arguments are captured.
            #krate::flatten(unsafe {
                #krate::invoke_shadow(self, #moved, #again, |#object: &dyn #name, #moved| #call)
            })
        }
    }
}
