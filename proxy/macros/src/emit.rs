//! The generated code: the trait itself, its descriptor, and its implementations for `Proxy` and
//! `Shadow`.

use crate::calls::call;
use crate::parse::{Argument, Interface, Kind, Method, Repeat};
use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{GenericParam, Generics, Ident, Type};

pub(crate) fn emit(interface: &Interface, krate: &TokenStream) -> TokenStream {
    let mut item = interface.item.clone();
    let name = &item.ident;
    let generics = &item.generics;
    let (declared, given, bounds) = generics.split_for_impl();
    let tag = format_ident!("__{}Tag", name);
    item.supertraits
        .push(syn::parse_quote!(::core::marker::Send));
    item.supertraits
        .push(syn::parse_quote!(::core::marker::Sync));
    item.supertraits.push(syn::parse_quote!('static));
    item.supertraits
        .push(syn::parse_quote!(#krate::MayImplement<#tag #given>));
    let tag_type = tag_type(&tag, &item, krate);
    let text = name.to_string();
    let methods = &interface.methods;
    let descriptors = methods.iter().map(|method| descriptor(method, krate));
    let checks = methods.iter().map(|method| checks(method, krate));
    let callee: Ident = syn::parse_quote!(__Callee);
    let path = quote!(<#callee as #name #given>);
    let calls: Vec<_> = methods
        .iter()
        .map(|method| call(&callee, &path, method, krate))
        .collect();
    let parameters = generics.type_params().map(|parameter| &parameter.ident);
    let supertraits = interface
        .supertraits
        .iter()
        .map(|path| quote_spanned!(path.span()=> <dyn #path as #krate::Interface>::LINK));
    // The methods can also be called through each interface that extends this one. `MayImplement` makes sure that no
    // other trait is taken for the trait of an interface.
    let callers = with_parameter(
        generics,
        syn::parse_quote!(#callee: ?::core::marker::Sized + #krate::Interface + #name #given),
    );
    let (callers, _, _) = callers.split_for_impl();
    let implementors = with_parameter(generics, syn::parse_quote!(__Object: #name #given));
    let (implementors, _, _) = implementors.split_for_impl();
    let lendable = lendable(interface, krate);
    let moved = moved(interface, krate);
    quote! {
        #item

        #tag_type

        const _: () = {
            // SAFETY: the type is `dyn Trait`, and every argument and result is checked below.
            unsafe impl #declared #krate::Interface for dyn #name #given #bounds {
                type Tag = #tag #given;
                const NAME: &'static str = #text;
                const DESCRIPTOR: #krate::InterfaceDescriptor = #krate::InterfaceDescriptor {
                    name: #text,
                    parameters: &[#(<#parameters as #krate::Exchangeable>::DESCRIPTOR),*],
                    supertraits: &[#(#supertraits),*],
                    methods: &[#(#descriptors),*],
                };
            }

            // SAFETY: an unsizing coercion keeps the address.
            unsafe impl #implementors #krate::Implements<__Object> for dyn #name #given #bounds {
                fn unsize(object: #krate::NonNull<__Object>) -> #krate::NonNull<Self> {
                    object
                }
            }

            #lendable

            #moved

            #[allow(dead_code)]
            fn every_argument_and_result_may_cross #declared () #bounds {
                #(#checks)*
            }

            #[automatically_derived]
            impl #callers #name #given for #krate::Proxy<#callee> #bounds {
                #(#calls)*
            }

            #krate::with_shadow! {
                #[automatically_derived]
                impl #callers #name #given for #krate::Shadow<#callee> #bounds {
                    #(#calls)*
                }
            }
        };
    }
}

/// Generates constants that check the lent types. For an interface without parameters they are evaluated at the
/// trait. For other interfaces nothing is generated here: the call of a method checks its types.
fn lendable(interface: &Interface, krate: &TokenStream) -> TokenStream {
    if !interface.item.generics.params.is_empty() {
        return TokenStream::new();
    }
    let checks = interface.methods.iter().flat_map(|method| {
        let cfg = &method.attributes;
        let lent = method
            .arguments
            .iter()
            .filter(|argument| matches!(argument.kind, Kind::Lent(_)));
        lent.map(move |argument| {
            let ty = crossing(argument);
            quote_spanned!(ty.span()=> #(#cfg)* const _: () = <#ty as #krate::Lend>::LENDABLE;)
        })
    });
    quote!(#(#checks)*)
}

/// Generates the checks that bound the number of bytes that a call moves by value. An error is reported at the
/// method. For an interface with parameters, the call of a method makes the check instead.
fn moved(interface: &Interface, krate: &TokenStream) -> TokenStream {
    if !interface.item.generics.params.is_empty() {
        return TokenStream::new();
    }
    let checks = interface.methods.iter().map(|method| {
        let cfg = &method.attributes;
        let moved = method
            .arguments
            .iter()
            .filter(|argument| !matches!(argument.kind, Kind::Lent(_)))
            .map(|argument| &argument.ty);
        let (moved, result) = (quote!((#(#moved,)*)), &method.result);
        // The compiler reports an error at the whole call, which begins with the tokens of `krate`. So these tokens
        // also get the method's span.
        let span = method.name.span();
        let krate: TokenStream = krate
            .clone()
            .into_iter()
            .map(|token| at(token, span))
            .collect();
        quote_spanned!(span=> #(#cfg)* const _: () = #krate::assert_moves::<#moved, #result>();)
    });
    quote!(#(#checks)*)
}

/// Returns `token` with the given `span`.
fn at(mut token: TokenTree, span: Span) -> TokenTree {
    token.set_span(token.span().located_at(span));
    token
}

/// Generates the type that distinguishes this interface's trait from every other one in `MayImplement`.
fn tag_type(tag: &Ident, item: &syn::ItemTrait, krate: &TokenStream) -> TokenStream {
    let (vis, name) = (&item.vis, &item.ident);
    let (declared, _, bounds) = item.generics.split_for_impl();
    let parameters = item
        .generics
        .type_params()
        .map(|parameter| &parameter.ident);
    let text = format!("Names [`{name}`] among interfaces.");
    quote! {
        #[doc = #text]
        #[doc(hidden)]
        #[derive(Debug)]
        #[allow(dead_code, non_camel_case_types)]
        #vis struct #tag #declared (#krate::PhantomData<fn() -> (#(#parameters,)*)>) #bounds;
    }
}

/// Returns `generics` with one more type parameter in front.
fn with_parameter(generics: &Generics, parameter: syn::TypeParam) -> Generics {
    let mut generics = generics.clone();
    generics.params.insert(0, GenericParam::Type(parameter));
    generics
}

/// Returns the type that crosses for an argument. The descriptor of the argument is that of this type.
fn crossing(argument: &Argument) -> &Type {
    match &argument.kind {
        Kind::Lent(inner) => inner,
        Kind::Moved | Kind::Scratch => &argument.ty,
    }
}

fn descriptor(method: &Method, krate: &TokenStream) -> TokenStream {
    let cfg = &method.attributes;
    let name = method.name.to_string();
    let arguments = method.arguments.iter().map(|argument| {
        let ty = crossing(argument);
        let (lent, ty) = match argument.kind {
            Kind::Lent(_) => (true, quote!(<#ty as #krate::Lend>::DESCRIPTOR)),
            _ => (false, quote!(<#ty as #krate::Exchangeable>::DESCRIPTOR)),
        };
        quote!(#krate::ArgumentDescriptor { lent: #lent, ty: #ty })
    });
    let result = &method.result;
    let repeat = match method.repeat {
        Repeat::Never => quote!(Never),
        Repeat::Idempotent => quote!(Idempotent),
        Repeat::Replay => quote!(Replay),
    };
    quote! {
        #(#cfg)*
        #krate::MethodDescriptor {
            name: #name,
            repeat: #krate::Repeat::#repeat,
            arguments: &[#(#arguments),*],
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
