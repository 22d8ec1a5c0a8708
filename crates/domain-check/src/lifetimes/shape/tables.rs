//! Tables of trait objects.
//!
//! A method whose where clause never holds has no entry in an object's table. The generator of code decides that with the
//! types behind the names, and the checker with the names: where the two differ, a call jumps to nothing (rustc's issues
//! 153596 and 161405). So a method that an object may have has no condition of its own.

use syn::{
    FnArg, ItemTrait, Signature, TraitBoundModifier, TraitItem, TypeParamBound, WherePredicate,
};

use super::Shape;
use crate::finding::Rule;

impl Shape<'_> {
    /// Refuses conditions of methods that an object may have.
    pub(super) fn conditions(&mut self, item: &ItemTrait) {
        for method in &item.items {
            let TraitItem::Fn(method) = method else {
                continue;
            };
            let is_sized = !self.definitions.is_shadowed("Sized") && is_for_sized(&method.sig);
            if may_be_an_objects(&method.sig) && !is_sized && has_condition(&method.sig) {
                let (of, name) = (&item.ident, &method.sig.ident);
                let what = format!(
                    "the method `{name}` of trait {of} has a where clause, and may be missing in an object's table: \
                     bound the impl instead, or write `where Self: Sized`"
                );
                self.find(Rule::UnsafeCode, what);
            }
        }
    }
}

/// Whether an object may have the method: it has a receiver, and no types of its own.
fn may_be_an_objects(signature: &Signature) -> bool {
    let has_receiver = matches!(signature.inputs.first(), Some(FnArg::Receiver(_)));
    has_receiver && signature.generics.type_params().next().is_none()
}

/// Whether no object has the method, whose clause says `Self: Sized`.
fn is_for_sized(signature: &Signature) -> bool {
    let clauses = signature.generics.where_clause.iter();
    let mut clauses = clauses.flat_map(|it| &it.predicates);
    clauses.any(|it| {
        matches!(it, WherePredicate::Type(it)
            if is_self(&it.bounded_ty) && it.lifetimes.is_none() && it.bounds.iter().any(is_sized))
    })
}

fn is_self(ty: &syn::Type) -> bool {
    matches!(ty, syn::Type::Path(path) if path.qself.is_none() && path.path.is_ident("Self"))
}

fn is_sized(bound: &TypeParamBound) -> bool {
    matches!(bound, TypeParamBound::Trait(bound)
        if matches!(bound.modifier, TraitBoundModifier::None) && bound.path.is_ident("Sized"))
}

/// Whether a where clause bounds a type by more than a lifetime.
fn has_condition(signature: &Signature) -> bool {
    let mut clauses = signature
        .generics
        .where_clause
        .iter()
        .flat_map(|it| &it.predicates);
    clauses.any(|it| match it {
        WherePredicate::Lifetime(_) => false,
        WherePredicate::Type(it) => !it
            .bounds
            .iter()
            .all(|it| matches!(it, TypeParamBound::Lifetime(_))),
        _ => true,
    })
}
