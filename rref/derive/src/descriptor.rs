//! The description of the type as a constant expression.

use proc_macro2::TokenStream as Tokens;
use quote::quote;
use syn::{Data, DeriveInput, Fields, Index, Member};

/// Returns the expression of the type's `TypeDescriptor`.
pub(crate) fn descriptor(input: &DeriveInput, krate: &Tokens) -> Tokens {
    let text = input.ident.to_string();
    let shape = match &input.data {
        Data::Struct(data) => {
            let fields = fields(&data.fields, true, krate);
            quote!(#krate::Shape::Struct(&[#(#fields),*]))
        }
        Data::Enum(data) => {
            let repr = repr(input);
            // If a variant states no discriminant, its discriminant is that of the variant before it plus one, or
            // zero for the first variant, as in the language.
            let mut next = quote!(0);
            let variants: Vec<_> = data
                .variants
                .iter()
                .map(|variant| {
                    if let Some((_, value)) = &variant.discriminant {
                        next = quote!((#value) as i128);
                    }
                    let discriminant = next.clone();
                    next = quote!((#discriminant) + 1);
                    let text = variant.ident.to_string();
                    let fields = fields(&variant.fields, false, krate);
                    quote!(#krate::Variant {
                        name: #text,
                        discriminant: #discriminant,
                        fields: &[#(#fields),*],
                    })
                })
                .collect();
            quote!(#krate::Shape::Enum { repr: #repr, variants: &[#(#variants),*] })
        }
        // Unions were rejected before (`field_types`).
        Data::Union(_) => quote!(#krate::Shape::Plain),
    };
    quote!(#krate::TypeDescriptor::shaped::<Self>(#text, #shape))
}

fn fields(fields: &Fields, placed: bool, krate: &Tokens) -> Vec<Tokens> {
    let field = |(at, field): (usize, &syn::Field)| {
        let ty = &field.ty;
        let member = match &field.ident {
            Some(ident) => Member::Named(ident.clone()),
            None => Member::Unnamed(Index::from(at)),
        };
        let text = field
            .ident
            .as_ref()
            .map_or_else(|| at.to_string(), ToString::to_string);
        let offset = if placed {
            quote!(::core::option::Option::Some(#krate::offset_of!(Self, #member)))
        } else {
            quote!(::core::option::Option::None)
        };
        quote!(#krate::Field {
            name: #text,
            offset: #offset,
            ty: &<#ty as #krate::Exchangeable>::DESCRIPTOR,
        })
    };
    fields.iter().enumerate().map(field).collect()
}

/// Returns the content of all `#[repr]` attributes as text.
fn repr(input: &DeriveInput) -> String {
    let lists = input.attrs.iter().filter_map(|attribute| {
        let list = attribute.meta.require_list().ok()?;
        list.path
            .is_ident("repr")
            .then(|| list.tokens.to_string().replace(' ', ""))
    });
    lists.collect::<Vec<_>>().join(",")
}
