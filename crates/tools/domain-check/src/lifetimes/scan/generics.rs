//! Parameters of items, and their bounds.

use std::collections::BTreeSet;

use syn::{
    GenericParam, Generics, PathArguments, PathSegment, Type, TypeParamBound, WherePredicate,
};

use super::Scan;
use crate::finding::Rule;
use crate::lifetimes::declared::{inside, name, names};
use crate::lifetimes::facts::Name;
use crate::lifetimes::walk::{Scope, Walk};

impl Scan<'_> {
    /// Adds the relations that follow from bounds by traits.
    pub(super) fn presume<'b>(
        &self,
        scope: &mut Scope,
        names: &[Name],
        bounds: impl IntoIterator<Item = &'b TypeParamBound>,
    ) {
        for bound in bounds {
            if let TypeParamBound::Trait(bound) = bound {
                for outer in self.definitions.outlived(bound) {
                    for name in names {
                        scope.presumed.add(outer.clone(), name.clone());
                    }
                }
            }
        }
    }

    /// Adds an item's generics to a scope.
    pub(super) fn add(&mut self, scope: &mut Scope, generics: &Generics, what: &str) {
        for param in &generics.params {
            let (list, name) = match param {
                GenericParam::Lifetime(param) => (&mut scope.lifetimes, name(&param.lifetime)),
                GenericParam::Type(param) => (&mut scope.parameters, param.ident.to_string()),
                GenericParam::Const(_) => continue,
            };
            if !list.insert(name.clone()) {
                self.twice(&name, what);
            }
        }
        scope.declared.extend(generics);
        scope.say_all(generics);
        for param in generics.type_params() {
            let names = [param.ident.to_string()];
            self.presume(scope, &names, &param.bounds);
            scope.bounded(&names, &param.bounds);
        }
        let clauses = generics.where_clause.iter();
        for predicate in clauses.flat_map(|clause| &clause.predicates) {
            if let WherePredicate::Type(predicate) = predicate {
                let of = inside(&predicate.bounded_ty);
                let of: Vec<_> = of.into_iter().chain(names(&predicate.bounded_ty)).collect();
                self.presume(scope, &of, &predicate.bounds);
                // A bound on a projection is recorded for its parameters, too. With `T: 'a` the compiler believes
                // that `<T::Out as Call>::Out` outlives `'a`, although `T::Out: 'a` is not written.
                let parameters = of.iter().filter(|it| scope.is_parameter(it));
                let parameters: Vec<_> = parameters.cloned().collect();
                if parameters.is_empty() {
                    bounded_by_arguments(scope, &predicate.bounds);
                }
                scope.bounded(&parameters, &predicate.bounds);
                if is_projection(&predicate.bounded_ty) {
                    scope.bounded(&names(&predicate.bounded_ty), &predicate.bounds);
                }
                // A projection may be the parameter that it is projected from, so a bound on the projection may be
                // one on the parameter.
                for bound in &predicate.bounds {
                    if let TypeParamBound::Lifetime(lifetime) = bound {
                        for inner in &of {
                            scope.presumed.add(name(lifetime), inner.clone());
                        }
                    }
                }
            }
        }
    }

    /// Adds the places of names in bounds that `walk` visits.
    pub(super) fn bounds(
        &mut self,
        scope: &mut Scope,
        what: &str,
        walk: impl FnOnce(&mut Walk<'_>),
    ) {
        let mut all = Walk::new(self.definitions, scope);
        walk(&mut all);
        let is_unknown = all.unknown;
        let (mut facts, next) = all.end();
        // These places are in no type of the signature, so no node is around them.
        for occurrence in &mut facts.occurrences {
            occurrence.nodes.clear();
        }
        scope.bounds.append(&facts);
        scope.next = next;
        if is_unknown {
            let what = format!("{what} has a bound that could not be read");
            self.find(Rule::NotUnderstood, what);
        }
    }
}

/// Adds bounds of a type that has no parameters. Its associated types are projected from the arguments of the trait.
fn bounded_by_arguments<'b>(
    scope: &mut Scope,
    bounds: impl IntoIterator<Item = &'b TypeParamBound>,
) {
    for bound in bounds {
        let TypeParamBound::Trait(of) = bound else {
            continue;
        };
        let given = of.path.segments.iter().flat_map(arguments);
        let names: BTreeSet<_> = given.flat_map(|ty| inside(&ty)).collect();
        for name in names {
            if scope.parameters.contains(&name) {
                scope.bounded(&[name], [bound]);
            }
        }
    }
}

/// Whether a type may be projected from another.
fn is_projection(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.qself.is_some() || path.path.segments.len() > 1)
}

/// Walks the names in bounds of generics and where clauses.
pub(super) fn walk_generics(walk: &mut Walk<'_>, generics: &Generics) {
    for param in generics.type_params() {
        if walk.bounds(&param.bounds) {
            walk.supplied(&param.ident.to_string());
        }
    }
    let clauses = generics.where_clause.iter();
    for predicate in clauses.flat_map(|clause| &clause.predicates) {
        if let WherePredicate::Type(predicate) = predicate {
            let makes = walk.bounds(&predicate.bounds);
            walk.bounded(&predicate.bounded_ty, makes);
        }
    }
}

/// Returns the types among a trait's arguments. A lifetime argument `'a` is returned as the type `&'a ()`.
pub(super) fn arguments(segment: &PathSegment) -> Vec<Type> {
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else {
        return Vec::new();
    };
    let types = arguments.args.iter().filter_map(|argument| match argument {
        syn::GenericArgument::Type(ty) => Some(ty.clone()),
        syn::GenericArgument::Lifetime(lifetime) => {
            let unit = Type::Tuple(syn::TypeTuple {
                paren_token: syn::token::Paren::default(),
                elems: syn::punctuated::Punctuated::new(),
            });
            Some(Type::Reference(syn::TypeReference {
                and_token: syn::token::And::default(),
                lifetime: Some(lifetime.clone()),
                mutability: None,
                elem: Box::new(unit),
            }))
        }
        _ => None,
    });
    types.collect()
}
