//! Impls that overlap although the compiler finds no overlap.
//!
//! The compiler decides whether two impls overlap for all types that match their headers, bounds and associated
//! types. If a type binds lifetimes, as `fn(&T)` and `dyn for<'a> Trait<'a>` do, and contains projections, the
//! compiler takes it for another type than it is. Then two impls with different associated types hold for one type,
//! which is a safe transmute (rustc issue 161404). A lifetime may be bound without being written, so every function
//! pointer counts.
//!
//! So the check refuses projections, and types that bind lifetimes, in a header. In bounds and associated types it
//! refuses a projection inside a type that binds lifetimes.

use std::collections::BTreeSet;

use syn::visit::{self, Visit};
use syn::{
    Generics, ImplItem, ItemImpl, Path, PathArguments, PathSegment, PredicateType, TraitBound,
    TypeBareFn, TypeImplTrait, TypePath, TypeTraitObject,
};

use super::Shape;
use super::impls::is_projection;
use crate::finding::Rule;
use crate::lifetimes::definitions::Definitions;
use crate::lifetimes::facts::Name;

impl Shape<'_> {
    /// Judges the parts of an impl that determine for which types it holds, and the associated types in it.
    pub(super) fn coherence(&mut self, item: &ItemImpl, path: &Path, trait_name: &str) {
        let mut binders = Binders {
            definitions: self.definitions,
            parameters: parameters(&item.generics),
            expanding: Vec::new(),
            in_header: true,
            binds: false,
            in_type: false,
            found: None,
        };
        binders.visit_type(&item.self_ty);
        // The path is visited as a path and not as a bound, because here the trait's parentheses, as in `Fn(&u8)`,
        // bind no lifetimes: a lifetime that is elided there belongs to the impl.
        binders.visit_path(path);
        binders.in_header = false;
        binders.visit_generics(&item.generics);
        for item in &item.items {
            if let ImplItem::Type(item) = item {
                let outer = binders.parameters.clone();
                binders.parameters.append(&mut parameters(&item.generics));
                binders.visit_generics(&item.generics);
                binders.visit_type(&item.ty);
                binders.parameters = outer;
            }
        }
        if let Some(found) = binders.found {
            let what = format!(
                "an impl of {trait_name} names {found}: the compiler may take it for another type, and may not see \
                 that the impl overlaps another one; put such a type into a struct, and make a projected type a \
                 parameter, as in `I: Iterator<Item = T>`"
            );
            self.find(Rule::UnsafeCode, what);
        }
    }
}

/// Returns the names of type parameters.
fn parameters(generics: &Generics) -> BTreeSet<Name> {
    let types = generics.type_params();
    types.map(|it| it.ident.to_string()).collect()
}

/// Finds types that bind lifetimes, and projections.
struct Binders<'a> {
    definitions: &'a Definitions,
    parameters: BTreeSet<Name>,
    /// The names of the aliases that are being expanded.
    expanding: Vec<String>,
    /// Whether the visited part is the impl's own type, or an argument of its trait.
    in_header: bool,
    /// Whether lifetimes may be bound here.
    binds: bool,
    /// Whether the visited part is inside a type that may bind lifetimes. A binder of a bound alone does no harm,
    /// because the compiler removes it first.
    in_type: bool,
    /// The first finding.
    found: Option<&'static str>,
}

impl Binders<'_> {
    fn within(&mut self, binds: bool, in_type: bool, look: impl FnOnce(&mut Self)) {
        let outer = (self.binds, self.in_type);
        self.binds |= binds;
        self.in_type |= in_type;
        if self.in_header && self.binds && self.in_type {
            let what = "a type in its header that binds lifetimes";
            self.found = self.found.or(Some(what));
        }
        look(self);
        (self.binds, self.in_type) = outer;
    }

    /// Checks the types that a path may be an alias for.
    fn meanings(&mut self, name: &str) {
        if self.expanding.iter().any(|it| it == name) {
            return;
        }
        let known = self.definitions.get(name, 0);
        let aliases: Vec<_> = known.iter().flat_map(|it| it.aliases().cloned()).collect();
        self.expanding.push(name.to_owned());
        let outer = self.parameters.clone();
        for alias in aliases {
            self.parameters.extend(alias.others);
            self.visit_type(&alias.ty);
            self.parameters.clone_from(&outer);
        }
        self.expanding.pop();
    }
}

impl<'ast> Visit<'ast> for Binders<'_> {
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
            |it: &PathSegment| matches!(it.arguments, PathArguments::Parenthesized(_));
        let binds = bound.lifetimes.is_some() || bound.path.segments.iter().any(is_function);
        self.within(binds, false, |it| visit::visit_trait_bound(it, bound));
    }

    fn visit_predicate_type(&mut self, predicate: &'ast PredicateType) {
        let binds = predicate.lifetimes.is_some();
        self.within(binds, false, |it| {
            visit::visit_predicate_type(it, predicate)
        });
    }

    fn visit_type_path(&mut self, ty: &'ast TypePath) {
        if is_projection(ty, &self.parameters) {
            let what = if self.in_header {
                Some("a type in its header that is projected from another")
            } else if self.binds && self.in_type {
                Some("a type that is projected from another inside one that binds lifetimes")
            } else {
                None
            };
            self.found = self.found.or(what);
        }
        let last = ty.path.segments.last().map(|it| it.ident.to_string());
        let last = last.unwrap_or_default();
        self.meanings(&last);
        // The argument of an alias may occur inside a type that binds lifetimes.
        let is_alias = self.definitions.is_alias(&last) && !self.in_header;
        self.within(is_alias, is_alias, |it| visit::visit_type_path(it, ty));
    }

    // `Shape::constant` judges constants.
    fn visit_expr(&mut self, _: &'ast syn::Expr) {}
}
