#![doc = include_str!("../README.md")]
//!
//! # Map
//!
//! | macro | effect |
//! |---|---|
//! | [`derive(Exchangeable)`](macro@Exchangeable) | implements `samara_rref::Exchangeable` |
//!
//! The words *domain*, *owner word*, *cut*, *mint* and others are explained in the
//! [glossary](https://github.com/samara-rs/samara/blob/main/docs/glossary.md).
#![doc(html_root_url = "https://docs.rs/samara-rref-derive/latest")]

mod descriptor;

use proc_macro::TokenStream;
use proc_macro2::TokenStream as Tokens;
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Error, Fields, Index, Member, Type, parse_macro_input};

/// Derives `Exchangeable`: every field must be exchangeable, and the type must not implement `Drop`.
#[proc_macro_derive(Exchangeable)]
pub fn derive_exchangeable(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    expand(&input)
        .unwrap_or_else(Error::into_compile_error)
        .into()
}

/// The crates through which a user reaches `Exchangeable`.
const SUPPORT: [&str; 4] = ["samara-rref", "samara-domain", "samara", "samara-proxy"];

fn expand(input: &DeriveInput) -> Result<Tokens, Error> {
    let krate = samara_support_crate::path(&SUPPORT, "`derive(Exchangeable)`")?;
    let name = &input.ident;
    if let Some(lifetime) = input.generics.lifetimes().next() {
        return Err(Error::new(
            lifetime.span(),
            "an exchangeable type owns all that it holds: remove the lifetime (an `RRef` crosses by move)",
        ));
    }
    let types = field_types(&input.data)?;
    let mut generics = input.generics.clone();
    {
        let where_clause = generics.make_where_clause();
        for parameter in input.generics.type_params() {
            let ident = &parameter.ident;
            where_clause
                .predicates
                .push(syn::parse_quote!(#ident: #krate::Exchangeable));
        }
    }
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    let transfer = transfer_body(name, &input.data, &krate);
    let destructure = destructure_body(name, &input.data);
    // One assertion for each field, with the span of the field, so that the compiler's error points there.
    let checks = types.iter().map(|ty| {
        quote_spanned! {ty.span()=> #krate::assert_exchangeable::<#ty>(); }
    });
    let nested = types
        .iter()
        .map(|ty| quote!(<#ty as #krate::Exchangeable>::NESTED));
    // Computes the largest depth inline, because the user's crate could give another meaning to the name of a support
    // function.
    let depths = types.iter().map(|ty| {
        quote! {
            if <#ty as #krate::Exchangeable>::DEPTH > deepest {
                deepest = <#ty as #krate::Exchangeable>::DEPTH;
            }
        }
    });
    let descriptor = descriptor::descriptor(input, &krate);
    Ok(quote! {
        const _: () = {
            // For a type that implements `Drop`, these two impls conflict. Such a type is refused, because a reclaim
            // runs no destructors.
            trait AnExchangeableTypeMustNotImplementDrop {}
            #[allow(drop_bounds)]
            impl<T: ?Sized + #krate::Drop> AnExchangeableTypeMustNotImplementDrop for T {}
            impl #impl_generics AnExchangeableTypeMustNotImplementDrop for #name #type_generics #where_clause {}

            // The check above uses a name to which the user's crate can give another meaning. This second check uses
            // no name, but it covers only types that own something. It relies on the compiler, which moves no field
            // out of a type that implements `Drop`.
            #[allow(dead_code, unused_variables, clippy::multiple_bound_locations)]
            fn destructure #impl_generics (value: #name #type_generics) #where_clause {
                #destructure
            }

            #[automatically_derived]
            // SAFETY: every field is exchangeable (checked below), the type has no destructor of its own (checked
            // above), and `transfer` visits every field.
            unsafe impl #impl_generics #krate::Exchangeable for #name #type_generics #where_clause {
                const NESTED: bool = false #(|| #nested)*;
                const DEPTH: usize = {
                    #[allow(unused_mut)]
                    let mut deepest = 0;
                    #(#depths)*
                    1 + deepest
                };
                const DESCRIPTOR: #krate::TypeDescriptor = #descriptor;
                #[inline(always)]
                fn transfer(&self, to: &#krate::Transfer) {
                    #(#checks)*
                    #(let () = <#types as #krate::Exchangeable>::NO_DESTRUCTOR_OF_ITS_OWN;)*
                    if <Self as #krate::Exchangeable>::NESTED {
                        #transfer
                    }
                }
            }
        };
    })
}

fn field_types(data: &Data) -> Result<Vec<Type>, Error> {
    let fields: Vec<&Fields> = match data {
        Data::Struct(data) => vec![&data.fields],
        Data::Enum(data) => data
            .variants
            .iter()
            .map(|variant| &variant.fields)
            .collect(),
        Data::Union(data) => {
            return Err(Error::new(
                data.union_token.span,
                "a union is not exchangeable: which field is live, and so what it owns, is unknown; use an enum",
            ));
        }
    };
    Ok(fields
        .iter()
        .flat_map(|fields| fields.iter().map(|field| field.ty.clone()))
        .collect())
}

/// Returns code that moves every field out of `value`.
fn destructure_body(name: &syn::Ident, data: &Data) -> Tokens {
    let pattern = |path: Tokens, fields: &Fields| {
        let binds = (0..fields.len()).map(|at| format_ident!("field{}", at));
        let members = fields.members();
        quote!(#path { #(#members: #binds),* } => {})
    };
    match data {
        Data::Struct(data) => {
            let arm = pattern(quote!(#name), &data.fields);
            quote!(match value { #arm })
        }
        Data::Enum(data) => {
            let arms = data.variants.iter().map(|variant| {
                let ident = &variant.ident;
                pattern(quote!(#name::#ident), &variant.fields)
            });
            quote!(match value { #(#arms)* })
        }
        Data::Union(_) => Tokens::new(),
    }
}

/// Returns code that visits every field of the value. Its patterns name all variants and all fields with their types,
/// so a field that another macro adds to the type after this one has run does not compile.
fn transfer_body(name: &syn::Ident, data: &Data, krate: &Tokens) -> Tokens {
    let arm = |path: Tokens, fields: &Fields| {
        let binds: Vec<_> = (0..fields.len())
            .map(|at| format_ident!("field{}", at))
            .collect();
        let types = fields.iter().map(|field| &field.ty);
        let members = fields.iter().enumerate().map(|(at, field)| {
            field
                .ident
                .clone()
                .map_or_else(|| Member::Unnamed(Index::from(at)), Member::Named)
        });
        quote! {
            #path { #(#members: #binds),* } => {
                #(#krate::Exchangeable::transfer(#binds as &#types, to);)*
            }
        }
    };
    match data {
        Data::Struct(data) => {
            let arm = arm(quote!(#name), &data.fields);
            quote!(match self { #arm })
        }
        Data::Enum(data) if data.variants.is_empty() => quote!(match *self {}),
        Data::Enum(data) => {
            let arms = data.variants.iter().map(|variant| {
                let ident = &variant.ident;
                arm(quote!(#name::#ident), &variant.fields)
            });
            quote!(match self { #(#arms)* })
        }
        Data::Union(_) => Tokens::new(),
    }
}
