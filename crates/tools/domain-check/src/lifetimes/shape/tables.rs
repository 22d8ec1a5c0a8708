//! Tables of trait objects.
//!
//! A method whose where clause never holds has no entry in an object's table. The code generator decides with
//! concrete types whether the clause holds. The type checker decides it with the type parameters and projections in
//! the source. Where the two differ, a call jumps to a missing entry (rustc issues 153596 and 161405). So a method
//! that an object may have must have no condition of its own. A trait's bounds on its parameters are a condition of
//! each method too. For such a bound the two decisions differ only under a binder, but the binder may be in any impl
//! that satisfies the bound. So if a unit writes a binder anywhere, the check refuses such bounds. A bound on the
//! implementor is not a condition of a method, but it must not have a binder either.

use syn::visit::{self, Visit};
use syn::{
    FnArg, Generics, ItemTrait, PredicateType, Signature, TraitBound, TraitBoundModifier,
    TraitItem, TypeParamBound, WherePredicate,
};

use super::Shape;
use crate::finding::Rule;

impl Shape<'_> {
    /// Refuses conditions of methods that an object may have.
    pub(super) fn conditions(&mut self, item: &ItemTrait) {
        let of_trait =
            self.binds && asks(&item.generics) || item.supertraits.iter().any(has_binder);
        for method in &item.items {
            let TraitItem::Fn(method) = method else {
                continue;
            };
            let is_sized = !self.definitions.is_shadowed("Sized") && is_for_sized(&method.sig);
            if !may_be_an_objects(&method.sig) || is_sized {
                continue;
            }
            let (of, name) = (&item.ident, &method.sig.ident);
            if of_trait {
                let what = format!(
                    "the trait {of} bounds its parameters where a binder, `for<…>`, decides, and the method `{name}` may be \
                     missing in an object's table: bound the impl instead, or do without the binder"
                );
                self.find(Rule::UnsafeCode, what);
            }
            if has_condition(&method.sig) {
                let what = format!(
                    "the method `{name}` of trait {of} has a where clause, and may be missing in an object's table: \
                     bound the impl instead, or write `where Self: Sized`"
                );
                self.find(Rule::UnsafeCode, what);
            }
        }
    }
}

/// Whether an object may have the method: it has a receiver, and no type parameters of its own.
fn may_be_an_objects(signature: &Signature) -> bool {
    let has_receiver = matches!(signature.inputs.first(), Some(FnArg::Receiver(_)));
    has_receiver && signature.generics.type_params().next().is_none()
}

/// Whether a clause `Self: Sized` keeps the method off objects.
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
    has_clause(&signature.generics, |it| {
        it.bounds.iter().any(is_more_than_a_lifetime)
    })
}

/// Whether a trait bounds its parameters, or types made of them, by more than a lifetime. A bound on the implementor
/// counts only if it has a binder.
fn asks(generics: &Generics) -> bool {
    let mut parameters = generics.type_params();
    parameters.any(|it| it.bounds.iter().any(asks_something))
        || has_clause(generics, |it| {
            let is_plain = is_self(&it.bounded_ty) && it.lifetimes.is_none();
            let counts =
                |bound: &TypeParamBound| asks_something(bound) && (!is_plain || has_binder(bound));
            it.bounds.iter().any(counts)
        })
}

/// Whether there is a where clause on a type that satisfies `is_one`, or a clause of unknown form.
fn has_clause(generics: &Generics, is_one: impl Fn(&PredicateType) -> bool) -> bool {
    let mut clauses = generics.where_clause.iter().flat_map(|it| &it.predicates);
    clauses.any(|it| match it {
        WherePredicate::Lifetime(_) => false,
        WherePredicate::Type(it) => is_one(it),
        _ => true,
    })
}

fn is_more_than_a_lifetime(bound: &TypeParamBound) -> bool {
    !matches!(bound, TypeParamBound::Lifetime(_))
}

/// Whether a bound demands something. `?Sized` demands nothing.
fn asks_something(bound: &TypeParamBound) -> bool {
    let is_maybe = matches!(bound, TypeParamBound::Trait(bound) if matches!(bound.modifier, TraitBoundModifier::Maybe(_)));
    is_more_than_a_lifetime(bound) && !is_maybe
}

fn has_binder(bound: &TypeParamBound) -> bool {
    match bound {
        TypeParamBound::Trait(bound) => bound.lifetimes.is_some(),
        TypeParamBound::Lifetime(_) => false,
        _ => true,
    }
}

/// Whether a bound anywhere has a binder, written as `for<…>`. An omitted binder, as in `Fn(&u8)`, binds a separate
/// lifetime for each place, so it links no two places.
pub(super) fn binds(file: &syn::File) -> bool {
    struct Binders(bool);
    impl<'ast> Visit<'ast> for Binders {
        fn visit_trait_bound(&mut self, bound: &'ast TraitBound) {
            self.0 |= bound.lifetimes.is_some();
            visit::visit_trait_bound(self, bound);
        }

        fn visit_predicate_type(&mut self, predicate: &'ast PredicateType) {
            self.0 |= predicate.lifetimes.is_some();
            visit::visit_predicate_type(self, predicate);
        }
    }
    let mut binders = Binders(false);
    binders.visit_file(file);
    binders.0
}
