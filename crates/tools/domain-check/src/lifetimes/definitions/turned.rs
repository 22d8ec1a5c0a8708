//! Turned parameters of types: those that occur in a function's arguments.
//!
//! A type may be contravariant in such a parameter. Then a value that was made with a shorter lifetime passes for a
//! value with a longer lifetime, although the type's bounds may not hold for the longer lifetime. If a parameter
//! occurs in a bound and in no field, a value even passes for a value with any other argument. So such a parameter
//! counts, too.

use std::collections::{BTreeMap, BTreeSet};

use syn::visit::{self, Visit};
use syn::{GenericArgument, Lifetime, Path, PathArguments, ReturnType, Type};

use super::{Definitions, Parameter};
use crate::lifetimes::declared::name;
use crate::lifetimes::facts::Name;

/// Returns the parameters of a type with these fields that occur in a function's arguments, or in no field.
pub(super) fn parameters(
    definitions: &Definitions,
    fields: &[Type],
    parameters: &BTreeMap<Name, Parameter>,
) -> BTreeSet<Parameter> {
    let mut turned = Turned {
        definitions,
        depth: 0,
        seen: BTreeSet::new(),
        found: BTreeSet::new(),
    };
    for field in fields {
        turned.visit_type(field);
    }
    let is_all = turned.found.contains("Self");
    let all = parameters.iter();
    let is_unseen = |name: &Name| !turned.seen.contains(name) && !turned.seen.contains("Self");
    let found = all.filter(|(name, _)| is_all || turned.found.contains(*name) || is_unseen(name));
    found.map(|(_, parameter)| *parameter).collect()
}

struct Turned<'a> {
    definitions: &'a Definitions,
    /// The number of functions whose arguments contain the visited part.
    depth: u32,
    /// All names.
    seen: BTreeSet<Name>,
    found: BTreeSet<Name>,
}

impl<'t> Turned<'_> {
    fn sees(&mut self, name: Name) {
        if self.depth > 0 {
            self.found.insert(name.clone());
        }
        self.seen.insert(name);
    }

    fn function(&mut self, inputs: impl Iterator<Item = &'t Type>, output: &'t ReturnType) {
        self.depth += 1;
        inputs.for_each(|it| self.visit_type(it));
        self.depth -= 1;
        self.visit_return_type(output);
    }
}

impl<'ast> Visit<'ast> for Turned<'_> {
    fn visit_lifetime(&mut self, lifetime: &'ast Lifetime) {
        self.sees(name(lifetime));
    }

    fn visit_type_bare_fn(&mut self, function: &'ast syn::TypeBareFn) {
        self.function(function.inputs.iter().map(|it| &it.ty), &function.output);
    }

    fn visit_parenthesized_generic_arguments(
        &mut self,
        function: &'ast syn::ParenthesizedGenericArguments,
    ) {
        self.function(function.inputs.iter(), &function.output);
    }

    fn visit_path(&mut self, path: &'ast Path) {
        let first = path.segments.first();
        if let Some(first) = first.filter(|it| it.arguments.is_none()) {
            self.sees(first.ident.to_string());
        }
        let Some(last) = path.segments.last() else {
            return;
        };
        let PathArguments::AngleBracketed(given) = &last.arguments else {
            visit::visit_path(self, path);
            return;
        };
        let definitions = self.definitions;
        let lifetimes = given.args.iter();
        let lifetimes = lifetimes.filter(|it| matches!(it, GenericArgument::Lifetime(_)));
        let known = definitions.get(&last.ident.to_string(), lifetimes.count());
        let (mut lifetimes, mut others) = (0.., 0..);
        for argument in &given.args {
            let parameter = match argument {
                GenericArgument::Lifetime(_) => lifetimes.next().map(Parameter::Lifetime),
                GenericArgument::Type(_) | GenericArgument::Const(_) => {
                    others.next().map(Parameter::Other)
                }
                _ => None,
            };
            let is_turned = |it: Parameter| known.as_ref().is_some_and(|own| own.is_turned(it));
            let turns = parameter.is_some_and(is_turned);
            self.depth += u32::from(turns);
            self.visit_generic_argument(argument);
            self.depth -= u32::from(turns);
        }
        // The segments before the last one may have arguments too.
        let before = path.segments.len() - 1;
        for segment in path.segments.iter().take(before) {
            self.visit_path_segment(segment);
        }
    }
}
