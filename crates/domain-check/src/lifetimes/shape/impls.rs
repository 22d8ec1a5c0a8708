//! Headers of impls, and their associated types.

use std::collections::BTreeSet;

use syn::visit::{self, Visit};
use syn::{
    Generics, Ident, ImplItem, ItemImpl, Path, TraitBoundModifier, Type, TypeParamBound, TypePath,
    WherePredicate,
};

use super::Shape;
use super::traits::Projections;
use crate::finding::Rule;
use crate::lifetimes::declared::{inside, name, names};
use crate::lifetimes::definitions::{Definitions, is_given};
use crate::lifetimes::facts::Name;

impl Shape<'_> {
    pub(super) fn implementation(&mut self, item: &ItemImpl) {
        let Some((_, path, _)) = &item.trait_ else {
            return;
        };
        let last = path.segments.last().map(|it| it.ident.to_string());
        let trait_name = last.unwrap_or_default();
        self.overlap(item, &trait_name);
        self.coherence(item, path, &trait_name);
        self.free_parameters(item, path, &trait_name);
        self.kept_projections(item, &trait_name);
        self.proofs(item, &trait_name);
    }

    /// An impl that is one for a trait object too, whose associated types are others: safe code could have a
    /// value of the object's and take it as the impl's (rustc's issues 57893 and 152783). The compiler looks for
    /// that where the type is spelled as `dyn`, not where it has another name.
    fn overlap(&mut self, item: &ItemImpl, trait_name: &str) {
        let Type::Path(ty) = bare(&item.self_ty) else {
            return;
        };
        let parameters = item.generics.type_params();
        let parameters = parameters.map(|it| it.ident.to_string()).collect();
        let last = ty.path.segments.last().map(|it| it.ident.to_string());
        let last = last.unwrap_or_default();
        let is_associating =
            |name: &str| self.definitions.traits(name).iter().any(|it| it.associates);
        let what = if is_projection(ty, &parameters) {
            "a projection"
        } else if self.definitions.is_alias(&last) {
            "another name of a type"
        } else if unsized_parameters(&item.generics).contains(&last) && is_associating(trait_name) {
            // Of others' traits there is no such impl.
            "a parameter that may be `?Sized`"
        } else {
            return;
        };
        let what = format!(
            "an impl of {trait_name} for {what} may be one for `dyn {trait_name}` too, whose associated types are \
             others: write the type itself, and leave out `?Sized`"
        );
        self.find(Rule::UnsafeCode, what);
    }

    /// Parameters that the header leaves free. A lifetime that only the impl's bounds have may be the empty one,
    /// which all outlive (rustc's issue 161864). A type that only they have, and that the impl associates, may be
    /// what a closure returns, which need not outlive what the closure does (84366).
    fn free_parameters(&mut self, item: &ItemImpl, path: &Path, trait_name: &str) {
        let mut bound = Bound {
            definitions: self.definitions,
            parameters: type_parameters(item),
            names: BTreeSet::new(),
        };
        bound.visit_type(&item.self_ty);
        // A trait is no alias, and says what it is given.
        for segment in &path.segments {
            bound.visit_path_arguments(&segment.arguments);
        }
        for parameter in item.generics.lifetimes() {
            let name = name(&parameter.lifetime);
            if !bound.names.contains(&name) {
                let what = format!(
                    "an impl of {trait_name} has {name} in neither its trait nor its type: it may be one that is \
                     outlived by all, and `for<'any> &'any T: Trait<{name}>` holds"
                );
                self.find(Rule::ImpliedBound, what);
            }
        }
        let is_said = |name: &Ident| {
            self.definitions
                .is_always_said(trait_name, &name.to_string())
        };
        let associated: BTreeSet<_> = item
            .items
            .iter()
            .flat_map(|item| match item {
                ImplItem::Type(item) if !is_said(&item.ident) => inside(&item.ty),
                _ => BTreeSet::new(),
            })
            .collect();
        for parameter in item.generics.type_params() {
            let name = parameter.ident.to_string();
            if !bound.names.contains(&name) && associated.contains(&name) {
                let what = format!(
                    "an impl of {trait_name} associates {name}, which stands in neither its trait nor its type: \
                     a closure's result outlives less than the compiler believes"
                );
                self.find(Rule::ImpliedBound, what);
            }
        }
    }

    /// Refuses an impl that associates an iterator's item, a future's output or a function's. The compiler takes an
    /// associated type to live as long as the implementor, but a closure may live longer than its results (84366). Impls of
    /// the traits of iterators and futures may associate anything, since every bound by those traits names the type
    /// (`says_all`). Under this rule an associated type of any other trait does live as long as its implementor, so an impl
    /// may hand it on.
    fn kept_projections(&mut self, item: &ItemImpl, trait_name: &str) {
        if self.definitions.means(trait_name, "ToOwned") {
            let what = "an impl of ToOwned makes a `Cow` that outlives less than the compiler believes: write the two \
                        variants as an enum of its own";
            self.find(Rule::ImpliedBound, what.to_owned());
        }
        for associated in &item.items {
            let ImplItem::Type(associated) = associated else {
                continue;
            };
            let name = &associated.ident;
            if self
                .definitions
                .is_always_said(trait_name, &name.to_string())
            {
                continue;
            }
            let mut parameters = type_parameters(item);
            let own = associated.generics.type_params();
            parameters.extend(own.map(|it| it.ident.to_string()));
            if !parameters.is_empty() {
                // A projection of `Self` may be one of any parameter.
                parameters.insert("Self".to_owned());
            }
            // `FlatMap` keeps an `IntoIter` in a field, so every projection counts there.
            let is_kept = name == "IntoIter";
            let mut projections = Projections {
                definitions: self.definitions,
                parameters,
                counts: &|last| is_kept || is_given(last),
                found: BTreeSet::new(),
            };
            projections.visit_type(&associated.ty);
            for parameter in projections.found {
                let what = format!(
                    "an impl of {trait_name} associates {name}, which is projected from {parameter} and outlives less \
                     than the compiler believes: make that type a parameter of the implementor, as in \
                     `Own<I: Iterator<Item = R>, R>`"
                );
                self.find(Rule::ImpliedBound, what);
            }
        }
    }
}

/// A type without parentheses.
fn bare(ty: &Type) -> &Type {
    match ty {
        Type::Paren(it) => bare(&it.elem),
        Type::Group(it) => bare(&it.elem),
        ty => ty,
    }
}

/// Whether a type is projected from another.
pub(super) fn is_projection(ty: &TypePath, parameters: &BTreeSet<Name>) -> bool {
    let first = ty.path.segments.first().map(|it| it.ident.to_string());
    let first = first.unwrap_or_default();
    ty.qself.is_some()
        || (ty.path.segments.len() > 1 && (first == "Self" || parameters.contains(&first)))
}

/// Type parameters that may be of no known size.
fn unsized_parameters(generics: &Generics) -> BTreeSet<Name> {
    let is_maybe = |bound: &TypeParamBound| matches!(bound, TypeParamBound::Trait(bound) if matches!(bound.modifier, TraitBoundModifier::Maybe(_)));
    let params = generics.type_params();
    let params = params.filter(|param| param.bounds.iter().any(is_maybe));
    let mut found: BTreeSet<_> = params.map(|param| param.ident.to_string()).collect();
    let clauses = generics.where_clause.iter();
    for predicate in clauses.flat_map(|clause| &clause.predicates) {
        if let WherePredicate::Type(predicate) = predicate
            && predicate.bounds.iter().any(is_maybe)
        {
            found.extend(names(&predicate.bounded_ty));
        }
    }
    found
}

/// Names that a type determines: not those in projections and in arguments of aliases, which may drop them.
struct Bound<'a> {
    definitions: &'a Definitions,
    parameters: BTreeSet<Name>,
    names: BTreeSet<Name>,
}

impl<'ast> Visit<'ast> for Bound<'_> {
    fn visit_lifetime(&mut self, lifetime: &'ast syn::Lifetime) {
        self.names.insert(name(lifetime));
    }

    fn visit_type_path(&mut self, ty: &'ast TypePath) {
        let last = ty.path.segments.last().map(|it| it.ident.to_string());
        let last = last.unwrap_or_default();
        if !is_projection(ty, &self.parameters) && !self.definitions.is_alias(&last) {
            self.names
                .extend(ty.path.get_ident().map(ToString::to_string));
            visit::visit_type_path(self, ty);
        }
    }

    fn visit_expr(&mut self, _: &'ast syn::Expr) {}
}

/// The names of an impl's type parameters.
fn type_parameters(item: &ItemImpl) -> BTreeSet<String> {
    let parameters = item.generics.type_params();
    parameters.map(|it| it.ident.to_string()).collect()
}
