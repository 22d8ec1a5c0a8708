//! Parameters and where clauses.

use syn::{Constraint, GenericParam, Generics, TypeParamBound, WherePredicate};

use super::Shape;
use crate::finding::Rule;
use crate::lifetimes::declared::is_taken_apart;

impl Shape<'_> {
    pub(super) fn generics(&mut self, generics: &Generics) {
        for parameter in &generics.params {
            match parameter {
                GenericParam::Type(parameter) if parameter.default.is_some() => {
                    let what = format!(
                        "the parameter {} has a default, from which a bound may be implied where nothing is \
                         written: leave the default out",
                        parameter.ident
                    );
                    self.find(Rule::ImpliedBound, what);
                }
                GenericParam::Const(parameter) => {
                    if let Some(default) = &parameter.default {
                        self.constant(default);
                    }
                }
                _ => {}
            }
        }
        let clauses = generics.where_clause.iter();
        for predicate in clauses.flat_map(|clause| &clause.predicates) {
            match predicate {
                WherePredicate::Lifetime(_) => {}
                WherePredicate::Type(predicate) => {
                    let outlives = predicate.bounds.iter().any(|bound| self.outlives(bound));
                    let has_binder = predicate.lifetimes.is_some();
                    if outlives && (has_binder || !is_taken_apart(&predicate.bounded_ty)) {
                        let what = "a where clause says that a type with arguments outlives a lifetime, or says so \
                                    for all lifetimes: write the bound of each parameter";
                        self.find(Rule::ImpliedBound, what.to_owned());
                    }
                }
                _ => self.not_understood("a where clause"),
            }
        }
    }

    /// Refuses a bound by a trait of iterators or futures if the bound does not name the item or the output. The
    /// compiler takes an item to live as long as its iterator, although the iterator may be made from a closure whose
    /// results live shorter (rustc issue 84366).
    pub(super) fn says_all(&mut self, bound: &TypeParamBound) {
        let TypeParamBound::Trait(bound) = bound else {
            return;
        };
        for unsaid in self.definitions.never_said(bound) {
            let name = bound.path.segments.last().map(|it| it.ident.to_string());
            let name = name.unwrap_or_default();
            let what = format!(
                "a bound by {name} leaves {unsaid} open, which outlives less than the compiler believes: give it a \
                 name, as in `{name}<{unsaid} = R>`"
            );
            self.find(Rule::ImpliedBound, what);
        }
    }

    /// Whether a bound is a lifetime, or a trait whose implementors outlive one.
    pub(super) fn outlives(&self, bound: &TypeParamBound) -> bool {
        match bound {
            TypeParamBound::Lifetime(_) => true,
            TypeParamBound::Trait(bound) => !self.definitions.outlived(bound).is_empty(),
            _ => false,
        }
    }

    /// Refuses `Trait<Name: Bound>`. The compiler does not check it for trait objects (rustc issue 152607), and the
    /// other checks of bounds need a name for the bounded type.
    pub(super) fn constraint(&mut self, constraint: &Constraint) {
        let is_lifetime = |bound: &TypeParamBound| matches!(bound, TypeParamBound::Lifetime(_));
        let rule = if self.in_trait.is_some() && !constraint.bounds.iter().all(is_lifetime) {
            Rule::UnsafeCode
        } else {
            Rule::ImpliedBound
        };
        let name = &constraint.ident;
        let what = match &self.in_trait {
            Some(of) => format!(
                "trait {of} bounds {name}, which another trait associates: `dyn {of}` is not held to it; bound \
                 {name} where it is used"
            ),
            None => format!(
                "a bound has a bound of {name} in it: write that in a where clause, as in `T::{name}: …`"
            ),
        };
        self.find(rule, what);
    }
}
