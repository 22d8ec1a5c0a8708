//! Traits of the crate, and their bounds.

use std::collections::BTreeSet;

use syn::{
    GenericArgument, GenericParam, ItemTrait, Path, PathArguments, TraitBound, TraitItem, Type,
    TypeParamBound, WherePredicate,
};

use super::Definitions;
use super::equated::equates;
use crate::lifetimes::declared::name;
use crate::lifetimes::facts::{Name, STATIC};

/// A trait.
#[derive(Clone, Debug)]
pub(in crate::lifetimes) struct Trait {
    /// Its lifetime parameters.
    pub(in crate::lifetimes) lifetimes: Vec<Name>,
    /// Its other parameters.
    pub(in crate::lifetimes) others: Vec<Name>,
    /// Bounds of its implementors.
    pub(in crate::lifetimes) bounds: Vec<TypeParamBound>,
    /// Whether it has associated types.
    pub(in crate::lifetimes) associates: bool,
    /// The names of its associated types.
    pub(in crate::lifetimes) associated: Vec<String>,
    /// Whether its definition says what an associated type of some trait is equal to.
    pub(super) equates: bool,
}

impl Trait {
    /// Whether it has parameters of any kind.
    pub(in crate::lifetimes) fn has_parameters(&self) -> bool {
        !self.lifetimes.is_empty() || !self.others.is_empty()
    }

    pub(super) fn new(item: &ItemTrait) -> Self {
        let associated = item.items.iter().filter_map(|it| match it {
            TraitItem::Type(it) => Some(it.ident.to_string()),
            _ => None,
        });
        let associated: Vec<_> = associated.collect();
        let mut found = Trait {
            lifetimes: Vec::new(),
            others: Vec::new(),
            bounds: item.supertraits.iter().cloned().collect(),
            associates: !associated.is_empty(),
            associated,
            equates: equates(item),
        };
        for param in &item.generics.params {
            match param {
                GenericParam::Lifetime(param) => found.lifetimes.push(name(&param.lifetime)),
                GenericParam::Type(param) => found.others.push(param.ident.to_string()),
                GenericParam::Const(param) => found.others.push(param.ident.to_string()),
            }
        }
        let clauses = item.generics.where_clause.iter();
        for predicate in clauses.flat_map(|clause| &clause.predicates) {
            if let WherePredicate::Type(predicate) = predicate
                && matches!(&predicate.bounded_ty, Type::Path(path) if path.path.is_ident("Self"))
            {
                let mut predicate = predicate.clone();
                // The binder of the whole predicate applies to each of its bounds.
                if let Some(binder) = predicate.lifetimes {
                    for bound in &mut predicate.bounds {
                        if let TypeParamBound::Trait(bound) = bound {
                            bound.lifetimes = Some(binder.clone());
                        }
                    }
                }
                found.bounds.extend(predicate.bounds);
            }
        }
        found
    }
}

/// The function traits. A bound by such a trait is a signature.
const FN_TRAITS: &[&str] = &[
    "Fn",
    "FnMut",
    "FnOnce",
    "AsyncFn",
    "AsyncFnMut",
    "AsyncFnOnce",
];

impl Definitions {
    /// Returns the crate's traits of this name.
    pub(in crate::lifetimes) fn traits(&self, name: &str) -> Vec<&Trait> {
        let names = self.meanings(name);
        names
            .iter()
            .flat_map(|name| self.traits.get(name).into_iter().flatten())
            .collect()
    }

    /// Whether the crate has a trait of this name.
    pub(in crate::lifetimes) fn is_own_trait(&self, name: &str) -> bool {
        !self.traits(name).is_empty()
    }

    /// Whether a trait is one of the function traits.
    pub(in crate::lifetimes) fn is_fn_trait(&self, name: &str) -> bool {
        let names = self.meanings(name);
        names.iter().any(|name| FN_TRAITS.contains(&name.as_str()))
    }

    /// Whether a trait is a function trait, or has a function trait among its supertraits. A closure takes its
    /// signature from a bound by such a trait.
    pub(in crate::lifetimes) fn signs(&self, name: &str) -> bool {
        let mut known = BTreeSet::from([name.to_owned()]);
        let mut new = vec![name.to_owned()];
        while let Some(name) = new.pop() {
            if self.is_fn_trait(&name) {
                return true;
            }
            for bound in self.traits(&name).iter().flat_map(|it| &it.bounds) {
                if let TypeParamBound::Trait(bound) = bound
                    && let Some(last) = bound.path.segments.last()
                    && known.insert(last.ident.to_string())
                {
                    new.push(last.ident.to_string());
                }
            }
        }
        false
    }

    /// Returns the lifetimes that every implementor of a bound's trait may have to outlive. Only `'static` and the
    /// lifetimes among the bound's arguments can be among them.
    pub(in crate::lifetimes) fn outlived(&self, bound: &TraitBound) -> BTreeSet<Name> {
        let Some(last) = bound.path.segments.last() else {
            return BTreeSet::new();
        };
        let mut given = BTreeSet::new();
        if let PathArguments::AngleBracketed(arguments) = &last.arguments {
            for argument in &arguments.args {
                if let GenericArgument::Lifetime(lifetime) = argument {
                    given.insert(name(lifetime));
                }
            }
        }
        let mut found = BTreeSet::new();
        let mut outlives_given = false;
        // A trait of this crate and a trait of another crate may have the same name. Then both are considered.
        for path in self.supertraits(&bound.path) {
            let trait_name = last_of(path);
            if self.means(&trait_name, "Any") || self.is_unknown_trait(path) {
                found.insert(STATIC.to_owned());
            }
            for bound in self.traits(&trait_name).iter().flat_map(|it| &it.bounds) {
                match bound {
                    TypeParamBound::Lifetime(lifetime) if name(lifetime) == STATIC => {
                        found.insert(STATIC.to_owned());
                    }
                    TypeParamBound::Lifetime(_) => outlives_given = true,
                    TypeParamBound::Trait(bound) if gives_static(bound) => {
                        given.insert(STATIC.to_owned());
                    }
                    _ => {}
                }
            }
        }
        if outlives_given {
            found.append(&mut given);
        }
        found
    }

    /// Returns the paths of a trait and of all its supertraits.
    pub(super) fn supertraits<'a>(&'a self, path: &'a Path) -> Vec<&'a Path> {
        let mut found: Vec<&Path> = vec![path];
        let mut index = 0;
        while let Some(&path) = found.get(index) {
            index += 1;
            for bound in self.traits(&last_of(path)).iter().flat_map(|it| &it.bounds) {
                if let TypeParamBound::Trait(bound) = bound
                    && !found.contains(&&bound.path)
                {
                    found.push(&bound.path);
                }
            }
        }
        found
    }

    /// Whether an impl of this trait proves more than its header says.
    pub(in crate::lifetimes) fn is_proving(&self, name: &str) -> bool {
        let names = self.meanings(name);
        names.iter().any(|name| self.proving.contains(name))
    }
}

/// Returns a path's last name.
pub(super) fn last_of(path: &Path) -> String {
    let last = path.segments.last();
    last.map(|it| it.ident.to_string()).unwrap_or_default()
}

/// Whether a supertrait's bound names `'static`, or holds for all lifetimes (`for<…>`), of which `'static` is one.
fn gives_static(bound: &TraitBound) -> bool {
    let Some(last) = bound.path.segments.last() else {
        return false;
    };
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return false;
    };
    bound.lifetimes.is_some()
        || arguments.args.iter().any(|it| match it {
            GenericArgument::Lifetime(it) => name(it) == STATIC,
            _ => false,
        })
}
