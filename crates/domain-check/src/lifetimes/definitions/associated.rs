//! What traits associate.

use std::collections::BTreeSet;

use syn::{GenericArgument, PathArguments, TraitBound, TypeParamBound};

use super::Definitions;
use super::traits::Trait;

/// Traits of the standard library that associate nothing, and outlive nothing.
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

/// Those that associate something.
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

/// What traits of functions, iterators and futures associate that their implementors are made from, closures among them.
const ALWAYS_SAID: &[(&str, &[&str])] = &[
    ("DoubleEndedIterator", &["Item"]),
    ("ExactSizeIterator", &["Item"]),
    ("FusedIterator", &["Item"]),
    ("Future", &["Output"]),
    ("IntoFuture", &["Output"]),
    ("IntoIterator", &["Item"]),
    ("Iterator", &["Item"]),
];

/// Whether a type by this name may be what a function, an iterator or a future gives.
pub(in crate::lifetimes) fn is_given(associated: &str) -> bool {
    ALWAYS_SAID.iter().any(|it| it.1.contains(&associated))
}

impl Definitions {
    /// Whether every bound by a trait says what this type of it is.
    pub(in crate::lifetimes) fn is_always_said(&self, trait_name: &str, associated: &str) -> bool {
        let names = self.meanings(trait_name);
        let is_listed = |name: &String| {
            ALWAYS_SAID
                .iter()
                .any(|it| it.0 == name && it.1.contains(&associated))
        };
        !self.is_own_trait(trait_name) && names.iter().all(is_listed)
    }

    /// What a bound leaves unsaid that every bound has to say.
    pub(in crate::lifetimes) fn never_said(&self, bound: &TraitBound) -> BTreeSet<String> {
        self.left_unsaid(bound, |_| BTreeSet::new(), ALWAYS_SAID)
    }

    /// The types that the trait of a bound associates, its supertraits' too, and of which the bound does not say
    /// what they are.
    pub(in crate::lifetimes) fn unsaid(&self, bound: &TraitBound) -> BTreeSet<String> {
        let own = |of: &Trait| of.associated.iter().cloned().collect();
        self.left_unsaid(bound, own, ASSOCIATING)
    }

    /// What a bound and those of its supertraits leave unsaid: of a trait of the crate as much as `own` counts, of another
    /// one as in the table.
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
            // A trait's own item hides an item of that name of its supertraits: none of them has said it.
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

    /// Whether a trait may be another crate's of which nothing is known.
    pub(in crate::lifetimes) fn is_unknown_trait(&self, name: &str) -> bool {
        let names = self.meanings(name);
        let is_known = |name: &String| {
            let name = name.as_str();
            self.renamed.contains_key(name)
                || self.traits.contains_key(name)
                || name == "Any"
                || PLAIN.contains(&name)
                || ASSOCIATING.iter().any(|it| it.0 == name)
        };
        !self.is_fn_trait(name) && !names.iter().all(is_known)
    }
}
