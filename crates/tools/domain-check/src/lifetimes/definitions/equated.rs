//! What bounds say of types that traits associate.

use syn::visit::{self, Visit};
use syn::{AssocType, ItemTrait, ParenthesizedGenericArguments, Path};

use super::Definitions;
use super::traits::last_of;

/// What a bound may say of what its trait associates, beside equalities that are written in the bound.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(in crate::lifetimes) enum Equated {
    /// Nothing: it associates nothing.
    Nothing,
    /// It may be made of the trait's arguments.
    OfArguments,
    /// It is a type of the trait's arguments, as the trait or one of its supertraits says.
    ByTrait,
}

impl Definitions {
    /// What a bound by this trait may say.
    pub(in crate::lifetimes) fn equated(&self, path: &Path) -> Equated {
        let each = self.supertraits(path).into_iter().map(|path| {
            let traits = self.traits(&last_of(path));
            if self.is_unknown_trait(path) || traits.iter().any(|it| it.equates) {
                Equated::ByTrait
            } else if traits.iter().any(|it| it.associates) {
                Equated::OfArguments
            } else {
                Equated::Nothing
            }
        });
        each.max().unwrap_or(Equated::ByTrait)
    }
}

/// Whether a trait says anywhere what an associated type is.
pub(super) fn equates(item: &ItemTrait) -> bool {
    struct Found(bool);
    impl<'ast> Visit<'ast> for Found {
        fn visit_assoc_type(&mut self, equality: &'ast AssocType) {
            self.0 = true;
            visit::visit_assoc_type(self, equality);
        }

        fn visit_parenthesized_generic_arguments(
            &mut self,
            _: &'ast ParenthesizedGenericArguments,
        ) {
            self.0 = true;
        }

        // The bounds of a method's own parameters are known where it is called.
        fn visit_trait_item_fn(&mut self, _: &'ast syn::TraitItemFn) {}
    }
    let mut found = Found(false);
    found.visit_item_trait(item);
    found.0
}
