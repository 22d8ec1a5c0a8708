//! Paths with arguments: what a type's definition implies about them.

use syn::{
    AngleBracketedGenericArguments, GenericArgument, Path, PathArguments, PathSegment, Type,
};

use super::{Binding, Flow, Frame, Walk};
use crate::lifetimes::definitions::{Alias, Known, Parameter};
use crate::lifetimes::facts::{Name, Names, Node, STATIC, Standing};

impl<'a> Walk<'a> {
    /// Walks a path with its arguments. `is_trait` says that the path names a trait or an associated type, and no
    /// type that has a definition.
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

    /// Walks a segment's arguments. `is_foreign` says that the path may mean another crate's type, even if this crate
    /// has one of the same name.
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
        let definitions = self.definitions;
        let mut own = if is_trait {
            None
        } else {
            definitions.get(&ident, lifetimes.len())
        };
        // The path may leave out lifetimes of its type. They exist nevertheless.
        let hidden = own.as_ref().map_or(0, Known::lifetimes);
        while lifetimes.len() < hidden {
            lifetimes.push(self.lifetime(None));
        }
        let mut rest = Names::new();
        // False if the path may mean an alias and also something else. Then the contents of its arguments prove
        // nothing.
        let mut is_clear = true;
        if let Some(known) = own.as_ref().filter(|own| own.aliases().next().is_some()) {
            let types = given.clone().filter_map(|argument| match argument {
                GenericArgument::Type(ty) => Some(Some(ty.clone())),
                GenericArgument::Const(_) => Some(None),
                _ => None,
            });
            let types: Vec<_> = types.collect();
            is_clear = known.is_one() && !is_foreign;
            rest = self.proving(is_clear, |walk| {
                walk.aliases(known, &lifetimes, &types, is_foreign)
            });
            if is_clear {
                return rest;
            }
            // The path may also mean a struct of the same name in another module.
            own = own.and_then(Known::without_aliases);
            if own.is_none() && !is_foreign {
                return rest;
            }
        }
        let mut found = self.proving(is_clear, |walk| {
            walk.type_arguments(own.as_ref(), given, &lifetimes, is_foreign)
        });
        rest.append(&mut found);
        rest
    }

    /// Walks the arguments of a type of this crate or of another crate.
    fn type_arguments<'b>(
        &mut self,
        own: Option<&Known<'_>>,
        given: impl Iterator<Item = &'b GenericArgument>,
        lifetimes: &[Name],
        is_foreign: bool,
    ) -> Names {
        let mut rest = Names::new();
        // Whatever the type is, it may be a cell.
        let flow = std::mem::replace(&mut self.flow, Flow::Both);
        let mut each: Vec<(Parameter, Names, Node)> = Vec::new();
        let certain = own.filter(|_| !is_foreign);
        let is_turned = |parameter| own.is_some_and(|own| own.is_turned(parameter));
        let lifetimes = lifetimes.iter().enumerate();
        let lifetimes: Vec<_> = lifetimes
            .map(|(index, lifetime)| Outer {
                lifetime,
                is_kept: !is_turned(Parameter::Lifetime(index)) && self.is_kept(lifetime),
            })
            .collect();
        for (index, outer) in lifetimes.iter().enumerate() {
            let parameter = Parameter::Lifetime(index);
            let guards = self.guard(certain, parameter, &lifetimes);
            let node = self.enter_if(is_around(own, parameter, &lifetimes));
            let lifetime = outer.lifetime;
            self.occurs(lifetime);
            self.nodes.pop();
            self.guards.truncate(guards);
            each.push((parameter, Names::from([(lifetime.clone(), true)]), node));
        }
        let mut index = 0;
        // A trait object among the arguments may take any of these lifetimes as its own, because the type may bound
        // its parameters by any of them.
        let places = lifetimes.iter().map(|it| it.lifetime.clone());
        let places = places.zip(each.iter().map(|it| it.2));
        let around = std::mem::replace(&mut self.defaults, places.collect());
        for argument in given {
            match argument {
                GenericArgument::Type(ty) => {
                    let parameter = Parameter::Other(index);
                    index += 1;
                    let guards = self.guard(certain, parameter, &lifetimes);
                    let node = self.enter_if(is_around(own, parameter, &lifetimes));
                    let names = self.turned(is_turned(parameter), |walk| walk.ty(ty));
                    self.nodes.pop();
                    self.guards.truncate(guards);
                    each.push((parameter, names, node));
                }
                GenericArgument::AssocType(binding) => {
                    // The trait may have methods that take a value of this type.
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
            for (outer, it) in lifetimes.iter().enumerate() {
                let is_same = *inner == Parameter::Lifetime(outer);
                let relation = certain.map_or((!is_same).then_some(Standing::Implied), |own| {
                    own.relation(Some(outer), *inner)
                });
                if let Some(standing) = relation {
                    let standing = it.standing(standing);
                    self.imply((it.lifetime, nodes[outer]), (names, *node), standing);
                }
            }
            if let Some(standing) = own.and_then(|own| own.relation(None, *inner)) {
                let outer = STATIC.to_owned();
                let standing = certain.map_or(Standing::Implied, |_| standing);
                self.imply((&outer, *node), (names, *node), standing);
            }
        }
        for (_, mut found, _) in each {
            rest.append(&mut found);
        }
        rest
    }

    /// Walks the types that a path may be an alias for, with these arguments.
    fn aliases(
        &mut self,
        known: &Known<'a>,
        lifetimes: &[Name],
        types: &[Option<Type>],
        is_foreign: bool,
    ) -> Names {
        let mut names = Names::new();
        if self.frames.len() >= 16 {
            self.unknown = true;
            self.is_overgrown = true;
            return names;
        }
        let mut is_skipped = known.is_alias();
        for alias in known.aliases() {
            // In its own type an alias's name means another type, as in `type Result<T> = core::result::Result<T,
            // E>`.
            let is_around = |it: &Frame<'_>| it.alias.is_some_and(|it| std::ptr::eq(it, alias));
            if self.frames.iter().any(is_around) {
                continue;
            }
            is_skipped = false;
            let Alias {
                lifetimes: outer,
                others,
                ty,
            } = alias;
            let lifetimes = lifetimes.iter().cloned().map(Binding::Lifetime);
            let types = others.iter().zip(types);
            let types =
                types.filter_map(|(name, ty)| Some((name.clone(), Binding::Type(ty.clone()?))));
            let arguments = outer.iter().cloned().zip(lifetimes).chain(types).collect();
            self.frames.push(Frame {
                alias: Some(alias),
                arguments,
            });
            names.append(&mut self.ty(ty));
            self.frames.pop();
        }
        // If each alias was skipped, the name belongs to another crate, or to no known type.
        if is_skipped && !is_foreign {
            self.unknown = true;
            self.is_overgrown = true;
        }
        names
    }

    /// Adds to the guards the lifetimes that an argument certainly outlives, by the definition of a type of this
    /// crate. Returns the number of guards before that.
    fn guard(
        &mut self,
        own: Option<&Known<'_>>,
        inner: Parameter,
        lifetimes: &[Outer<'_>],
    ) -> usize {
        let before = self.guards.len();
        for (outer, it) in lifetimes.iter().enumerate() {
            let relation = own.and_then(|own| own.relation(Some(outer), inner));
            if relation.map(|standing| it.standing(standing)) == Some(Standing::Proved) {
                self.behind(it.lifetime.clone());
            }
        }
        before
    }
}

/// A lifetime argument of a type.
struct Outer<'n> {
    lifetime: &'n Name,
    /// Whether the lifetime is kept: each value of the type was made with this lifetime, or with a longer one.
    is_kept: bool,
}

impl Outer<'_> {
    /// Returns the standing of a bound by this lifetime, given the standing in the type's definition.
    fn standing(&self, standing: Standing) -> Standing {
        match self.is_kept {
            true => standing,
            false => Standing::Implied,
        }
    }
}

/// Whether the node of a type's argument counts as one around the argument's contents. It does unless the type may
/// bound the argument by a lifetime that is turned. Then a value that was made with another lifetime may be supplied
/// there.
fn is_around(own: Option<&Known<'_>>, inner: Parameter, lifetimes: &[Outer<'_>]) -> bool {
    let mut all = lifetimes.iter().enumerate();
    all.all(|(outer, it)| {
        it.is_kept || own.is_some_and(|own| own.relation(Some(outer), inner).is_none())
    })
}
