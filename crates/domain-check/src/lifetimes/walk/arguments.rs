//! Paths with arguments: what a type's definition implies of them.

use syn::{
    AngleBracketedGenericArguments, GenericArgument, Path, PathArguments, PathSegment, Type,
};

use super::{Binding, Flow, Walk};
use crate::lifetimes::definitions::{Alias, Known, Parameter};
use crate::lifetimes::facts::{Name, Names, Node, STATIC};

impl Walk<'_> {
    /// A path with its arguments; `is_trait` says that it names no type.
    pub(super) fn path(&mut self, path: &Path, is_trait: bool) -> Names {
        let mut names = Names::new();
        let last = path.segments.len().saturating_sub(1);
        let is_foreign = self.definitions.may_be_foreign(path);
        for (index, segment) in path.segments.iter().enumerate() {
            let mut found = match &segment.arguments {
                PathArguments::Parenthesized(function) => {
                    let inputs: Vec<_> = function.inputs.iter().collect();
                    self.function(&inputs, &function.output)
                }
                PathArguments::AngleBracketed(arguments) => {
                    self.arguments(segment, Some(arguments), is_trait, is_foreign)
                }
                PathArguments::None if index == last && !is_trait => {
                    self.arguments(segment, None, is_trait, is_foreign)
                }
                PathArguments::None => Names::new(),
            };
            names.append(&mut found);
        }
        names
    }

    /// `is_foreign` says that another crate's type may be meant, even if this one has one of the name.
    pub(super) fn arguments(
        &mut self,
        segment: &PathSegment,
        arguments: Option<&AngleBracketedGenericArguments>,
        is_trait: bool,
        is_foreign: bool,
    ) -> Names {
        let ident = segment.ident.to_string();
        let given = arguments.iter().flat_map(|it| &it.args);
        let mut lifetimes = Vec::new();
        for argument in given.clone() {
            if let GenericArgument::Lifetime(lifetime) = argument {
                lifetimes.push(self.lifetime(Some(lifetime)));
            }
        }
        let own = if is_trait {
            None
        } else {
            self.definitions.get(&ident, lifetimes.len())
        };
        // In its own type an alias's name is another's, as in `type Result<T> = core::result::Result<T, E>`.
        let mut own = if self.expanding.contains(&ident) {
            own.and_then(Known::without_aliases)
        } else {
            own
        };
        // Lifetimes that are left out are there all the same.
        let hidden = own.as_ref().map_or(0, Known::lifetimes);
        while lifetimes.len() < hidden {
            lifetimes.push(self.lifetime(None));
        }
        let mut rest = Names::new();
        if let Some(known) = own.as_ref().filter(|own| own.aliases().next().is_some()) {
            let types = given.clone().filter_map(|argument| match argument {
                GenericArgument::Type(ty) => Some(Some(ty.clone())),
                GenericArgument::Const(_) => Some(None),
                _ => None,
            });
            let types: Vec<_> = types.collect();
            self.expanding.push(ident.clone());
            rest = self.aliases(known, &lifetimes, &types);
            self.expanding.pop();
            // A struct of the name in another module is meant as well.
            own = own.and_then(Known::without_aliases);
            if own.is_none() && !is_foreign {
                return rest;
            }
        }
        // Whatever type it is, it may be a cell.
        let flow = std::mem::replace(&mut self.flow, Flow::Both);
        let mut each: Vec<(Parameter, Names, Node)> = Vec::new();
        let certain = own.as_ref().filter(|_| !is_foreign);
        for (index, lifetime) in lifetimes.iter().enumerate() {
            let parameter = Parameter::Lifetime(index);
            let guards = self.guard(certain, parameter, &lifetimes);
            let node = self.enter();
            self.occurs(lifetime);
            self.nodes.pop();
            self.guards.truncate(guards);
            each.push((parameter, Names::from([(lifetime.clone(), true)]), node));
        }
        let mut index = 0;
        // The type may bound its parameters by any of them.
        let places = lifetimes.iter().cloned().zip(each.iter().map(|it| it.2));
        let around = std::mem::replace(&mut self.defaults, places.collect());
        for argument in given {
            match argument {
                GenericArgument::Type(ty) => {
                    let parameter = Parameter::Other(index);
                    index += 1;
                    let guards = self.guard(certain, parameter, &lifetimes);
                    let node = self.enter();
                    let names = self.ty(ty);
                    self.nodes.pop();
                    self.guards.truncate(guards);
                    each.push((parameter, names, node));
                }
                GenericArgument::AssocType(binding) => {
                    // A trait may have methods that take it.
                    rest.append(&mut self.ty(&binding.ty));
                }
                GenericArgument::Constraint(constraint) => {
                    rest.append(&mut self.object(constraint.bounds.iter(), false));
                }
                GenericArgument::Const(_) => index += 1,
                _ => {}
            }
        }
        self.defaults = around;
        self.flow = flow;
        let nodes: Vec<_> = each.iter().map(|it| it.2).collect();
        for (inner, names, node) in &each {
            for (outer, lifetime) in lifetimes.iter().enumerate() {
                let worst = || Some(false).filter(|_| *inner != Parameter::Lifetime(outer));
                let relation = match &own {
                    Some(own) if is_foreign => {
                        let relation = own.relation(Some(outer), *inner);
                        relation.map(|_| false).or_else(worst)
                    }
                    Some(own) => own.relation(Some(outer), *inner),
                    None => worst(),
                };
                if let Some(certain) = relation {
                    self.imply((lifetime, nodes[outer]), (names, *node), certain);
                }
            }
            if let Some(certain) = own.as_ref().and_then(|own| own.relation(None, *inner)) {
                let outer = STATIC.to_owned();
                self.imply((&outer, *node), (names, *node), certain);
            }
        }
        for (_, mut found, _) in each {
            rest.append(&mut found);
        }
        rest
    }

    /// The types that a path may be a name for, with these arguments.
    fn aliases(&mut self, known: &Known<'_>, lifetimes: &[Name], types: &[Option<Type>]) -> Names {
        let mut names = Names::new();
        if self.bindings.len() >= 16 {
            self.unknown = true;
            return names;
        }
        for Alias {
            lifetimes: outer,
            others,
            ty,
        } in known.aliases()
        {
            let lifetimes = lifetimes.iter().cloned().map(Binding::Lifetime);
            let types = others.iter().zip(types);
            let types =
                types.filter_map(|(name, ty)| Some((name.clone(), Binding::Type(ty.clone()?))));
            let bindings = outer.iter().cloned().zip(lifetimes).chain(types).collect();
            self.bindings.push(bindings);
            names.append(&mut self.ty(ty));
            self.bindings.pop();
        }
        names
    }

    /// Adds the lifetimes that an argument of an own type outlives for certain; returns how many there were.
    fn guard(&mut self, own: Option<&Known<'_>>, inner: Parameter, lifetimes: &[Name]) -> usize {
        let before = self.guards.len();
        for (outer, lifetime) in lifetimes.iter().enumerate() {
            if own.is_some_and(|own| own.relation(Some(outer), inner) == Some(true)) {
                self.guards.push(lifetime.clone());
            }
        }
        before
    }
}
