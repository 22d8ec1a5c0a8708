//! Equalities of associated types (`X::Item` is `R`) that bounds imply.

use syn::visit::{self, Visit};
use syn::{AssocType, ItemTrait, ParenthesizedGenericArguments, Path};

use super::Definitions;
use super::traits::last_of;

/// The equalities of associated types that a bound may imply, in addition to those that it writes.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(in crate::lifetimes) enum Equated {
    /// No equality, because the trait has no associated types.
    Nothing,
    /// No equality, but the associated types may be made of the trait's arguments.
    OfArguments,
    /// The definition of the trait, or of one of its supertraits, may equate associated types with types made of the
    /// trait's arguments.
    ByTrait,
}

impl Definitions {
    /// Returns which equalities a bound by this trait may imply.
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

/// Whether a trait's definition says what some associated type is equal to. Its methods do not count.
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

        // The bounds of a method's own parameters are known where the method is called.
        fn visit_trait_item_fn(&mut self, _: &'ast syn::TraitItemFn) {}
    }
    let mut found = Found(false);
    found.visit_item_trait(item);
    found.0
}
