//! Bounds of associated types that prove themselves.
//!
//! To prove that an impl's associated types satisfy the bounds of its trait, the compiler uses the bounds of
//! associated types, even those that it is about to prove. If such a bound says what a type is equal to, two
//! different types pass for one: a safe transmute (rustc issues 135011 and 135246). There are two ways into the
//! circle:
//!
//! - A where clause of the associated type itself. The compiler checks the associated type as if the clause held, and
//!   users of the type never have to prove the clause.
//! - A projection in place of a type. The compiler takes its bounds from its trait, and the trait's impl takes them
//!   from the projection.
//!
//! So the check demands three things. The parameters and the where clause of an associated type have no bounds except
//! lifetimes. Equalities in a trait's bounds contain no projection. If a crate has such equalities, its impls have no
//! projections as associated types.

use std::collections::BTreeSet;

use syn::visit::{self, Visit};
use syn::{
    AssocType, File, Generics, ImplItem, ItemImpl, ItemTrait, ParenthesizedGenericArguments,
    TraitBoundModifier, TraitItem, Type, TypeParamBound, TypePath, TypeTraitObject, WherePredicate,
};

use super::Shape;
use super::impls::is_projection;
use crate::finding::Rule;
use crate::lifetimes::definitions::Definitions;
use crate::lifetimes::facts::Name;

/// Traits of the standard library with a bound that makes another trait's associated type equal to something.
/// `IntoIterator` has a rule of its own.
const EQUATING: &[&str] = &["IntoFuture"];

impl Shape<'_> {
    /// Judges the parameters and where clauses of an associated type.
    pub(super) fn associated(&mut self, name: &syn::Ident, generics: &Generics) {
        let is_bounded = generics
            .type_params()
            .any(|it| !it.bounds.iter().all(proves_nothing));
        let mut clauses = generics.where_clause.iter().flat_map(|it| &it.predicates);
        let has_clause = clauses.any(|it| match it {
            WherePredicate::Lifetime(_) => false,
            WherePredicate::Type(it) => !it.bounds.iter().all(proves_nothing),
            _ => true,
        });
        if is_bounded || has_clause {
            let what = format!(
                "the associated type {name} has a bound in its parameters or in a where clause, by which it may \
                 prove its own bounds: write the bound at the trait or at the impl; only bounds by lifetimes may \
                 stay"
            );
            self.find(Rule::UnsafeCode, what);
        }
    }

    /// Judges equalities in the bounds of a trait and of its associated types.
    pub(super) fn equalities(&mut self, item: &ItemTrait) {
        let mut equalities = Equalities::of(item, self.definitions);
        equalities.visit_bounds(item);
        if equalities.projects {
            let what = format!(
                "trait {} has a bound that makes an associated type equal to `Self`, or to a type that is projected, \
                 and the bound may prove itself: make that type a parameter of the trait",
                item.ident
            );
            self.find(Rule::UnsafeCode, what);
        }
    }

    /// Judges projections in an impl. They are refused if the trait is one of [`EQUATING`], or if it has an associated
    /// type and some trait of the crate has a bound that makes an associated type equal to something.
    pub(super) fn proofs(&mut self, item: &ItemImpl, trait_name: &str) {
        let is_own = self.equates
            && self
                .definitions
                .traits(trait_name)
                .iter()
                .any(|it| it.associates);
        let is_equating = EQUATING
            .iter()
            .any(|it| self.definitions.means(trait_name, it));
        if !is_own && !is_equating {
            return;
        }
        let parameters = item.generics.type_params();
        let mut found = Projected {
            definitions: self.definitions,
            parameters: parameters.map(|it| it.ident.to_string()).collect(),
            found: false,
        };
        found.visit_generics(&item.generics);
        for item in &item.items {
            if let ImplItem::Type(item) = item {
                found.visit_type(&item.ty);
            }
        }
        if found.found {
            let what = format!(
                "an impl of {trait_name} associates a type that is projected, or has a bound on one, and bounds of \
                 associated types may prove themselves: make that type a parameter, as in `S: Source<Items = I>`"
            );
            self.find(Rule::UnsafeCode, what);
        }
    }
}

/// Whether a trait of the crate has a bound that makes an associated type equal to something.
pub(super) fn equates(file: &File, definitions: &Definitions) -> bool {
    struct Traits<'a>(&'a Definitions, bool);
    impl<'ast> Visit<'ast> for Traits<'_> {
        fn visit_item_trait(&mut self, item: &'ast ItemTrait) {
            let mut equalities = Equalities::of(item, self.0);
            equalities.visit_bounds(item);
            self.1 |= equalities.found;
            visit::visit_item_trait(self, item);
        }
    }
    let mut traits = Traits(definitions, false);
    traits.visit_file(file);
    traits.1
}

/// Whether a bound is a lifetime, or `?Sized`.
fn proves_nothing(bound: &TypeParamBound) -> bool {
    match bound {
        TypeParamBound::Lifetime(_) => true,
        TypeParamBound::Trait(bound) => matches!(bound.modifier, TraitBoundModifier::Maybe(_)),
        _ => false,
    }
}

/// Finds `Trait<Name = Type>` and `Fn() -> Type`.
struct Equalities<'a> {
    definitions: &'a Definitions,
    parameters: BTreeSet<Name>,
    /// Whether the visited bounds are those of the implementor, where `Self` is like a parameter.
    of_self: bool,
    found: bool,
    /// Whether one of the equalities is with `Self` or with a projection.
    projects: bool,
}

impl<'a> Equalities<'a> {
    fn of(item: &ItemTrait, definitions: &'a Definitions) -> Self {
        let mut parameters: BTreeSet<_> = item
            .generics
            .type_params()
            .map(|it| it.ident.to_string())
            .collect();
        for item in &item.items {
            if let TraitItem::Type(item) = item {
                let own = item.generics.type_params();
                parameters.extend(own.map(|it| it.ident.to_string()));
            }
        }
        Equalities {
            definitions,
            parameters,
            of_self: false,
            found: false,
            projects: false,
        }
    }

    /// Checks the bounds of the trait, of its parameters and of its associated types.
    fn visit_bounds(&mut self, item: &ItemTrait) {
        self.visit_generics(&item.generics);
        self.of_self = true;
        for bound in &item.supertraits {
            self.visit_type_param_bound(bound);
        }
        self.of_self = false;
        for item in &item.items {
            match item {
                TraitItem::Type(item) => {
                    self.visit_generics(&item.generics);
                    for bound in &item.bounds {
                        self.visit_type_param_bound(bound);
                    }
                }
                // An `impl Trait` in a method's result is an associated type of the trait, which no where clause can
                // name.
                TraitItem::Fn(item) => {
                    let projects = self.projects;
                    self.visit_return_type(&item.sig.output);
                    self.projects = projects;
                }
                _ => {}
            }
        }
    }

    fn equal(&mut self, ty: &Type) {
        self.found = true;
        let mut projected = Projected {
            definitions: self.definitions,
            parameters: self.parameters.clone(),
            found: false,
        };
        projected.visit_type(ty);
        self.projects |= projected.found || (names_self(ty) && !self.of_self);
    }
}

impl<'ast> Visit<'ast> for Equalities<'_> {
    // Equalities inside a trait object are bounds of the object alone.
    fn visit_type_trait_object(&mut self, _: &'ast TypeTraitObject) {}

    fn visit_assoc_type(&mut self, equality: &'ast AssocType) {
        self.equal(&equality.ty);
        visit::visit_assoc_type(self, equality);
    }

    fn visit_parenthesized_generic_arguments(
        &mut self,
        arguments: &'ast ParenthesizedGenericArguments,
    ) {
        // Without a type, the result is `()`.
        self.found = true;
        if let syn::ReturnType::Type(_, ty) = &arguments.output {
            self.equal(ty);
        }
        visit::visit_parenthesized_generic_arguments(self, arguments);
    }
}

fn names_self(ty: &Type) -> bool {
    struct Names(bool);
    impl<'ast> Visit<'ast> for Names {
        fn visit_path(&mut self, path: &'ast syn::Path) {
            self.0 |= path.segments.first().is_some_and(|it| it.ident == "Self");
            visit::visit_path(self, path);
        }
    }
    let mut names = Names(false);
    names.visit_type(ty);
    names.0
}

/// Finds projections, including those behind an alias.
struct Projected<'a> {
    definitions: &'a Definitions,
    parameters: BTreeSet<Name>,
    found: bool,
}

impl<'ast> Visit<'ast> for Projected<'_> {
    fn visit_type_path(&mut self, ty: &'ast TypePath) {
        let last = ty.path.segments.last().map(|it| it.ident.to_string());
        self.found |= is_projection(ty, &self.parameters)
            || self.definitions.may_project(&last.unwrap_or_default());
        visit::visit_type_path(self, ty);
    }
}
