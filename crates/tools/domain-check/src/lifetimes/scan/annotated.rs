//! Closures whose parameters have written types. A lifetime that such a type leaves out is a lifetime parameter of
//! the closure. It may occur at several places, if an alias uses its argument several times.

use std::collections::BTreeSet;

use syn::visit::{self, Visit};
use syn::{ExprClosure, Generics, Pat, Type};

use super::Scan;
use crate::lifetimes::walk::{Scope, Walk};

/// Checks each closure.
pub(super) struct Annotated<'s, 'a> {
    pub(super) scan: &'s mut Scan<'a>,
    /// The scope around the closure.
    pub(super) scope: Scope,
}

impl Annotated<'_, '_> {
    /// Runs `visit` with an item's generics added to `scope`.
    fn within(&mut self, mut scope: Scope, generics: &Generics, visit: impl FnOnce(&mut Self)) {
        self.scan.add(&mut scope, generics, "an item");
        let outer = std::mem::replace(&mut self.scope, scope);
        visit(self);
        self.scope = outer;
    }

    fn function(&mut self, name: &syn::Ident) {
        self.scan.function = Some(name.to_string());
    }
}

impl Visit<'_> for Annotated<'_, '_> {
    fn visit_item_fn(&mut self, item: &syn::ItemFn) {
        self.function(&item.sig.ident);
        self.within(Scope::default(), &item.sig.generics, |it| {
            visit::visit_item_fn(it, item)
        });
    }

    fn visit_impl_item_fn(&mut self, item: &syn::ImplItemFn) {
        self.function(&item.sig.ident);
        let scope = self.scope.clone();
        self.within(scope, &item.sig.generics, |it| {
            visit::visit_impl_item_fn(it, item)
        });
    }

    fn visit_trait_item_fn(&mut self, item: &syn::TraitItemFn) {
        self.function(&item.sig.ident);
        let scope = self.scope.clone();
        self.within(scope, &item.sig.generics, |it| {
            visit::visit_trait_item_fn(it, item)
        });
    }

    fn visit_item_impl(&mut self, item: &syn::ItemImpl) {
        let scope = Scope {
            this: Some((*item.self_ty).clone()),
            ..Scope::default()
        };
        self.within(scope, &item.generics, |it| visit::visit_item_impl(it, item));
    }

    fn visit_item_trait(&mut self, item: &syn::ItemTrait) {
        let mut scope = Scope::default();
        scope.say(Some("Self".to_owned()), &item.supertraits);
        self.within(scope, &item.generics, |it| {
            visit::visit_item_trait(it, item)
        });
    }

    fn visit_expr_closure(&mut self, closure: &ExprClosure) {
        let types = closure.inputs.iter().filter_map(|it| match it {
            Pat::Type(it) => Some((*it.ty).clone()),
            _ => None,
        });
        let types: Vec<Type> = types.collect();
        if !types.is_empty() {
            let mut walk = Walk::new(self.scan.definitions, &self.scope);
            walk.closure(&types, &closure.output);
            // The binder is empty, because the closure may capture values with any named lifetime and of any type
            // parameter.
            let binder = BTreeSet::new();
            self.scan
                .called(walk, &self.scope, "a closure", Some(&binder));
        }
        visit::visit_expr_closure(self, closure);
    }
}
