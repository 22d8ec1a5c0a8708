//! Impls that overlap where the compiler sees none.
//!
//! Whether two impls overlap is asked of all types that their headers, bounds and associated types match. Where a
//! type binds lifetimes, as `fn(&T)` and `dyn for<'a> Trait<'a>` do, and projects from others inside, the compiler
//! takes it for another than the one that it is, and two impls with other associated types hold for one type: a safe
//! transmute (rustc's issue 161404). So nothing is projected under a binder of a type there. A lifetime may be bound
//! without being written, so every function pointer counts.

use std::collections::BTreeSet;

use syn::visit::{self, Visit};
use syn::{
    ImplItem, ItemImpl, Path, PathArguments, TraitBound, TypeBareFn, TypeImplTrait, TypePath,
    TypeTraitObject,
};

use super::Shape;
use super::impls::is_projection;
use crate::finding::Rule;
use crate::lifetimes::definitions::Definitions;
use crate::lifetimes::facts::Name;

impl Shape<'_> {
    /// Refuses projections under binders in all of an impl that decides where it holds, and what it stands for.
    pub(super) fn projections_under_binders(
        &mut self,
        item: &ItemImpl,
        path: &Path,
        trait_name: &str,
    ) {
        let mut under = UnderBinders {
            definitions: self.definitions,
            parameters: parameters(&item.generics),
            binds: false,
            in_type: false,
            found: None,
        };
        under.visit_type(&item.self_ty);
        under.visit_path(path);
        under.visit_generics(&item.generics);
        for item in &item.items {
            if let ImplItem::Type(item) = item {
                let outer = under.parameters.clone();
                under.parameters.append(&mut parameters(&item.generics));
                under.visit_generics(&item.generics);
                under.visit_type(&item.ty);
                under.parameters = outer;
            }
        }
        if let Some(found) = under.found {
            let what = format!(
                "an impl of {trait_name} names {found}: the compiler may take it for another type, and the impl for \
                 one that overlaps no other; make what is projected a parameter, as in `I: Iterator<Item = T>`"
            );
            self.find(Rule::UnsafeCode, what);
        }
    }
}

/// The names of type parameters.
fn parameters(generics: &syn::Generics) -> BTreeSet<Name> {
    let types = generics.type_params();
    types.map(|it| it.ident.to_string()).collect()
}

/// Finds projections under binders of types.
struct UnderBinders<'a> {
    definitions: &'a Definitions,
    parameters: BTreeSet<Name>,
    /// Whether lifetimes may be bound here.
    binds: bool,
    /// Whether this is inside a type that may bind some. The compiler takes binders of bounds away first.
    in_type: bool,
    /// What was found first.
    found: Option<&'static str>,
}

impl UnderBinders<'_> {
    fn within(&mut self, binds: bool, in_type: bool, look: impl FnOnce(&mut Self)) {
        let outer = (self.binds, self.in_type);
        self.binds |= binds;
        self.in_type |= in_type;
        look(self);
        (self.binds, self.in_type) = outer;
    }
}

impl<'ast> Visit<'ast> for UnderBinders<'_> {
    fn visit_type_bare_fn(&mut self, ty: &'ast TypeBareFn) {
        self.within(true, true, |it| visit::visit_type_bare_fn(it, ty));
    }

    fn visit_type_trait_object(&mut self, ty: &'ast TypeTraitObject) {
        self.within(false, true, |it| visit::visit_type_trait_object(it, ty));
    }

    fn visit_type_impl_trait(&mut self, ty: &'ast TypeImplTrait) {
        self.within(false, true, |it| visit::visit_type_impl_trait(it, ty));
    }

    fn visit_trait_bound(&mut self, bound: &'ast TraitBound) {
        let is_function =
            |it: &syn::PathSegment| matches!(it.arguments, PathArguments::Parenthesized(_));
        let binds = bound.lifetimes.is_some() || bound.path.segments.iter().any(is_function);
        self.within(binds, false, |it| visit::visit_trait_bound(it, bound));
    }

    fn visit_predicate_type(&mut self, predicate: &'ast syn::PredicateType) {
        let binds = predicate.lifetimes.is_some();
        self.within(binds, false, |it| {
            visit::visit_predicate_type(it, predicate)
        });
    }

    fn visit_type_path(&mut self, ty: &'ast TypePath) {
        let last = ty.path.segments.last().map(|it| it.ident.to_string());
        let last = last.unwrap_or_default();
        if self.definitions.may_project(&last) {
            self.found = self
                .found
                .or(Some("another name of a type that is projected"));
        }
        if self.binds && self.in_type && is_projection(ty, &self.parameters) {
            let what = "a type that is projected from another inside one that binds lifetimes";
            self.found = self.found.or(Some(what));
        }
        // Its own type may be one that binds lifetimes.
        let is_alias = self.definitions.is_alias(&last);
        self.within(is_alias, is_alias, |it| visit::visit_type_path(it, ty));
    }

    // Constants are judged on their own.
    fn visit_expr(&mut self, _: &'ast syn::Expr) {}
}
