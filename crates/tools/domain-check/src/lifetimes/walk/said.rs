//! Bounds that say what an associated type is equal to.
//!
//! With `X: Iterator<Item = R>`, `X::Item` is `R`, and implies everything that `R` implies. The equality is in the
//! bound itself, or in the bounds of its trait (`trait Sub<'b>: Iterator<Item = &'b u64>`), or in a bound on a
//! parameter of an impl.

use syn::{
    GenericArgument, Generics, PathArguments, ReturnType, TraitBound, Type, TypeParamBound,
    WherePredicate,
};

use super::{Elided, Flow, Scope, Walk, binder};
use crate::lifetimes::definitions::Equated;
use crate::lifetimes::facts::{Name, Names};

/// A bound that may contain such an equality.
#[derive(Clone, Debug)]
pub(in crate::lifetimes) struct Said {
    /// The bounded parameter, or `None` if the bound is on a type that is no lone parameter. A bound on a parameter
    /// says nothing about a projection from types without this parameter.
    of: Option<Name>,
    bound: TraitBound,
}

impl Scope {
    /// Adds the equalities in the bounds of generics.
    pub(in crate::lifetimes) fn say_all(&mut self, generics: &Generics) {
        for param in generics.type_params() {
            self.say(Some(param.ident.to_string()), &param.bounds);
        }
        let clauses = generics.where_clause.iter();
        for predicate in clauses.flat_map(|clause| &clause.predicates) {
            if let WherePredicate::Type(predicate) = predicate {
                let of = self.lone(&predicate.bounded_ty);
                // The binder of the whole predicate applies to each of its bounds.
                let binder = predicate.lifetimes.as_ref();
                let bounds = predicate.bounds.iter().cloned().map(|mut bound| {
                    if let (TypeParamBound::Trait(bound), Some(_)) = (&mut bound, binder) {
                        bound.lifetimes = binder.cloned();
                    }
                    bound
                });
                self.say(of, &bounds.collect::<Vec<_>>());
            }
        }
    }

    /// Adds the equalities in bounds. `of` is the bounded parameter, or `None` if another type is bounded.
    pub(in crate::lifetimes) fn say<'b>(
        &mut self,
        of: Option<Name>,
        bounds: impl IntoIterator<Item = &'b TypeParamBound>,
    ) {
        for bound in bounds {
            if let TypeParamBound::Trait(bound) = bound {
                self.said.push(Said {
                    of: of.clone(),
                    bound: bound.clone(),
                });
            }
        }
    }

    /// Returns the type's name if the type is a lone parameter, and `None` otherwise.
    pub(in crate::lifetimes) fn lone(&self, ty: &Type) -> Option<Name> {
        let Type::Path(path) = ty else {
            return None;
        };
        let name = path.path.get_ident().map(ToString::to_string);
        let is_own =
            |name: &Name| self.parameters.contains(name) || (name == "Self" && self.this.is_none());
        name.filter(|name| path.qself.is_none() && is_own(name))
    }
}

impl Walk<'_> {
    /// Adds to `names` all names in the equalities about a projection from types with these names. The projection may
    /// be any of the types in these equalities.
    pub(super) fn said(&mut self, names: &mut Names) {
        if std::mem::replace(&mut self.is_said, true) {
            return;
        }
        let scope = self.scope;
        let frames = std::mem::take(&mut self.frames);
        let elided = std::mem::take(&mut self.elided);
        let mut unsaid: Vec<_> = scope.said.iter().collect();
        loop {
            let is_meant = |it: &&Said| it.of.as_ref().is_none_or(|of| names.contains_key(of));
            let (meant, others): (Vec<_>, _) = unsaid.into_iter().partition(is_meant);
            unsaid = others;
            if meant.is_empty() {
                break;
            }
            for it in meant {
                names.append(&mut self.says(&it.bound));
            }
        }
        names.values_mut().for_each(|whole| *whole = false);
        self.elided = elided;
        self.frames = frames;
        self.is_said = false;
    }

    /// Returns the names in a bound's equalities.
    fn says(&mut self, bound: &TraitBound) -> Names {
        let (next, edges, occurrences) = (
            self.next,
            self.facts.edges.len(),
            self.facts.occurrences.len(),
        );
        let mut names = self.flowing(Flow::Both, |walk| walk.equal(bound));
        // If a bound holds for all lifetimes, it says nothing about the lifetimes that it binds.
        let bound = binder(bound.lifetimes.as_ref());
        let is_new = |name: &str| {
            let number = name
                .strip_prefix("'_")
                .and_then(|it| it.parse::<usize>().ok());
            number.is_some_and(|number| number > next)
        };
        let is_bound = |name: &Name| bound.contains(name) || is_new(name);
        let new = self.facts.edges.split_off(edges);
        let new = new
            .into_iter()
            .filter(|it| !is_bound(&it.outer) && !is_bound(&it.inner));
        self.facts.edges.extend(new);
        let new = self.facts.occurrences.split_off(occurrences);
        let new = new.into_iter().filter(|it| !is_bound(&it.name));
        self.facts.occurrences.extend(new);
        names.retain(|name, _| !is_bound(name));
        names
    }

    fn equal(&mut self, bound: &TraitBound) -> Names {
        let mut names = Names::new();
        let Some(last) = bound.path.segments.last() else {
            return names;
        };
        let given = match &last.arguments {
            PathArguments::Parenthesized(function) => {
                if let ReturnType::Type(_, output) = &function.output {
                    let mut inputs: Vec<_> = function.inputs.iter().cloned().collect();
                    self.elided = self.named(None, &mut inputs);
                    names = self.ty(output);
                    self.elided = Elided::Fresh;
                }
                return names;
            }
            PathArguments::AngleBracketed(given) => &given.args,
            PathArguments::None => return names,
        };
        let equated = self.definitions.equated(&bound.path);
        for argument in given {
            let mut found = match argument {
                GenericArgument::AssocType(it) => self.ty(&it.ty),
                GenericArgument::Type(ty) if equated > Equated::Nothing => self.ty(ty),
                GenericArgument::Lifetime(it) if equated > Equated::Nothing => {
                    let lifetime = self.lifetime(Some(it));
                    self.occurs(&lifetime);
                    Names::from([(lifetime, false)])
                }
                _ => continue,
            };
            names.append(&mut found);
        }
        if equated == Equated::ByTrait {
            self.projected(&names);
        }
        names
    }
}
