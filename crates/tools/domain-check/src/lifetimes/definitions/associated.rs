//! Associated types of traits.

use std::collections::BTreeSet;

use syn::{GenericArgument, Path, PathArguments, TraitBound, TypeParamBound};

use super::Definitions;
use super::traits::Trait;

/// Traits of the standard library that have no associated types, and whose implementors need not outlive any
/// lifetime.
const PLAIN: &[&str] = &[
    "AsMut",
    "AsRef",
    "Borrow",
    "BorrowMut",
    "Clone",
    "Copy",
    "Debug",
    "Default",
    "Display",
    "Drop",
    "Eq",
    "From",
    "Hash",
    "Hasher",
    "Into",
    "Ord",
    "PartialEq",
    "PartialOrd",
    "Send",
    "Sized",
    "Sync",
    "ToString",
    "Unpin",
];

/// Traits of the standard library with their associated types.
const ASSOCIATING: &[(&str, &[&str])] = &[
    ("Deref", &["Target"]),
    ("DerefMut", &["Target"]),
    ("DoubleEndedIterator", &["Item"]),
    ("ExactSizeIterator", &["Item"]),
    ("Future", &["Output"]),
    ("FusedIterator", &["Item"]),
    ("IntoFuture", &["Output", "IntoFuture"]),
    ("IntoIterator", &["Item", "IntoIter"]),
    ("Iterator", &["Item"]),
];

/// Traits of iterators and futures, with the associated types that every bound by the trait has to name. An
/// implementor may be made from a closure, whose result may live shorter than the implementor.
const ALWAYS_SAID: &[(&str, &[&str])] = &[
    ("DoubleEndedIterator", &["Item"]),
    ("ExactSizeIterator", &["Item"]),
    ("FusedIterator", &["Item"]),
    ("Future", &["Output"]),
    ("IntoFuture", &["Output"]),
    ("IntoIterator", &["Item"]),
    ("Iterator", &["Item"]),
];

/// Whether an associated type with this name may be an iterator's item, a future's output or a function's output.
pub(in crate::lifetimes) fn is_given(associated: &str) -> bool {
    ALWAYS_SAID.iter().any(|it| it.1.contains(&associated))
}

impl Definitions {
    /// Whether every bound by this trait has to name this associated type.
    pub(in crate::lifetimes) fn is_always_said(&self, trait_name: &str, associated: &str) -> bool {
        let names = self.meanings(trait_name);
        let is_listed = |name: &String| {
            ALWAYS_SAID
                .iter()
                .any(|it| it.0 == name && it.1.contains(&associated))
        };
        !self.is_own_trait(trait_name) && names.iter().all(is_listed)
    }

    /// Returns the associated types that this bound has to name, and does not name.
    pub(in crate::lifetimes) fn never_said(&self, bound: &TraitBound) -> BTreeSet<String> {
        self.left_unsaid(bound, |_| BTreeSet::new(), ALWAYS_SAID)
    }

    /// Returns the associated types of a bound's trait and its supertraits that the bound does not name.
    pub(in crate::lifetimes) fn unsaid(&self, bound: &TraitBound) -> BTreeSet<String> {
        let own = |of: &Trait| of.associated.iter().cloned().collect();
        self.left_unsaid(bound, own, ASSOCIATING)
    }

    /// Returns the associated types that a bound, with the bounds of its supertraits, does not name. `own` selects
    /// those of a trait of the crate; the table `others` lists those of other crates' traits.
    fn left_unsaid(
        &self,
        bound: &TraitBound,
        own: impl Fn(&Trait) -> BTreeSet<String>,
        others: &[(&str, &[&str])],
    ) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut known = BTreeSet::new();
        let mut new = vec![(bound, BTreeSet::new())];
        while let Some((bound, mut said)) = new.pop() {
            let Some(last) = bound.path.segments.last() else {
                continue;
            };
            if let PathArguments::AngleBracketed(arguments) = &last.arguments {
                said.extend(arguments.args.iter().filter_map(|it| match it {
                    GenericArgument::AssocType(it) => Some(it.ident.to_string()),
                    _ => None,
                }));
            }
            let name = last.ident.to_string();
            if !known.insert((name.clone(), said.clone())) {
                continue;
            }
            let of_others = self.meanings(&name).into_iter().flat_map(|name| {
                let of_others = others.iter().filter(move |it| it.0 == name);
                of_others.flat_map(|it| it.1).map(|&it| it.to_owned())
            });
            let traits = self.traits(&name);
            let all: BTreeSet<_> = traits
                .iter()
                .flat_map(|it| own(it))
                .chain(of_others)
                .collect();
            found.extend(all.difference(&said).cloned());
            // If a trait has an associated type of the same name as its supertrait, the bound has named only the
            // trait's own one.
            let hidden: BTreeSet<_> = traits.iter().flat_map(|it| &it.associated).collect();
            said.retain(|it| !hidden.contains(it) && !all.contains(it));
            for bound in traits.iter().flat_map(|it| &it.bounds) {
                if let TypeParamBound::Trait(bound) = bound {
                    new.push((bound, said.clone()));
                }
            }
        }
        found
    }

    /// Whether a path may lead to an unknown trait of another crate. Such a trait may have the same name as a trait
    /// of this crate.
    pub(in crate::lifetimes) fn is_unknown_trait(&self, path: &Path) -> bool {
        let Some(last) = path.segments.last() else {
            return true;
        };
        let (name, is_own) = (last.ident.to_string(), !self.may_be_foreign(path));
        let names = self.meanings(&name);
        let is_known = |name: &String| {
            let name = name.as_str();
            self.renamed.contains_key(name)
                || (is_own && self.traits.contains_key(name))
                || name == "Any"
                || PLAIN.contains(&name)
                || ASSOCIATING.iter().any(|it| it.0 == name)
        };
        !self.is_fn_trait(&name) && !names.iter().all(is_known)
    }
}
