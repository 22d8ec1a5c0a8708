//! What traits associate.

use std::collections::BTreeSet;

use syn::{GenericArgument, PathArguments, TraitBound, TypeParamBound};

use super::Definitions;

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

impl Definitions {
    /// The types that the trait of a bound associates, its supertraits' too, and of which the bound does not say
    /// what they are.
    pub(in crate::lifetimes) fn unsaid(&self, bound: &TraitBound) -> BTreeSet<String> {
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
            let others = self.meanings(&name).into_iter().flat_map(|name| {
                let of_others = ASSOCIATING.iter().filter(move |it| it.0 == name);
                of_others.flat_map(|it| it.1).map(|&it| it.to_owned())
            });
            let own = self.traits(&name);
            let all: BTreeSet<_> = own
                .iter()
                .flat_map(|it| it.associated.iter().cloned())
                .chain(others)
                .collect();
            found.extend(all.difference(&said).cloned());
            // A trait's own item hides an item of that name of its supertraits: none of them has said it.
            said.retain(|it| !all.contains(it));
            for bound in own.iter().flat_map(|it| &it.bounds) {
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
