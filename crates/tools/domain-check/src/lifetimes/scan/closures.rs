//! Function pointers, and bounds from which closures take their signatures.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};
use syn::parse::{ParseStream, Parser};
use syn::{
    BoundLifetimes, GenericParam, PathArguments, PathSegment, ReturnType, TraitBound, Type,
    TypeBareFn, TypeParamBound,
};

use super::Scan;
use super::binders::binder_before;
use super::ends::of_one_type;
use crate::check::tokens::is_punct;
use crate::finding::Rule;
use crate::lifetimes::declared::name;
use crate::lifetimes::facts::{Name, Occurrence};
use crate::lifetimes::walk::{Binding, Bindings, Scope, Walk};

/// The longest chain of supertraits that is followed.
const MOST_SUPERTRAITS: usize = 8;

impl Scan<'_> {
    /// Handles `fn(…) -> …`.
    pub(super) fn pointer(&mut self, tokens: &[TokenTree], scope: &Scope) {
        let read = |input: ParseStream<'_>| {
            let pointer: TypeBareFn = input.parse()?;
            input.parse::<TokenStream>()?;
            Ok(pointer)
        };
        match read.parse2(of_one_type(tokens)) {
            Ok(pointer) => {
                let inputs: Vec<_> = pointer.inputs.into_iter().map(|it| it.ty).collect();
                self.types(&inputs, &pointer.output, scope, "a function pointer");
            }
            Err(problem) => self.not_understood("a function pointer", &problem),
        }
    }

    /// Handles a bound at the beginning of `tokens`. `before` holds the tokens before it.
    pub(super) fn signing(&mut self, before: &[TokenTree], tokens: &[TokenTree], scope: &Scope) {
        let bound = binder_before(before);
        let read = |input: ParseStream<'_>| {
            let bound: TraitBound = input.parse()?;
            let is_impl = input.peek(syn::Token![for]) && !input.peek2(syn::Token![<]);
            input.parse::<TokenStream>()?;
            Ok((bound.path.segments, is_impl))
        };
        match read.parse2(of_one_type(tokens)) {
            Ok((_, true)) => {}
            Ok((segments, false)) => {
                // The scan checks later bounds when it reaches them.
                if let Some(segment) = segments.first() {
                    self.bound(segment, &bound, scope, &[]);
                }
            }
            Err(problem) if self.is_surely_signing(tokens) => {
                self.not_understood("a bound by a function", &problem);
            }
            Err(_) => {}
        }
    }

    /// Handles `for<…>` before a bound by any trait, or before a type with its bounds.
    pub(super) fn quantified(&mut self, tokens: &[TokenTree], scope: &Scope) {
        let is_binder = is_punct(tokens.get(1), '<')
            && (is_punct(tokens.get(2), '\'') || is_punct(tokens.get(2), '>'));
        if !is_binder {
            return;
        }
        match quantified.parse2(of_one_type(tokens)) {
            Ok((binder, bounds)) => {
                let binder = binder.lifetimes.iter().filter_map(|param| match param {
                    GenericParam::Lifetime(param) => Some(name(&param.lifetime)),
                    _ => None,
                });
                let binder = binder.collect();
                for bound in bounds {
                    if let Some(segment) = bound.segments.last() {
                        self.bound(segment, &binder, scope, &[]);
                    }
                }
            }
            Err(problem) => self.not_understood("a bound for all lifetimes", &problem),
        }
    }

    /// Checks the signature that a closure takes from a bound, and the signatures from the bounds of its supertraits.
    fn bound(
        &mut self,
        segment: &PathSegment,
        binder: &BTreeSet<Name>,
        scope: &Scope,
        bindings: &[Bindings],
    ) {
        let trait_name = segment.ident.to_string();
        let what = match segment.arguments {
            PathArguments::Parenthesized(_) => format!("the bound {trait_name}(…)"),
            _ => format!("the bound {trait_name}"),
        };
        if bindings.len() > MOST_SUPERTRAITS {
            let what = format!("{what} has too many supertraits");
            self.find(Rule::NotUnderstood, what);
            return;
        }
        let definitions = self.definitions;
        let mut walk = Walk::within(definitions, scope, bindings);
        walk.signature(segment);
        self.called(walk, scope, &what, Some(binder));
        if !definitions.signs(&trait_name) {
            return;
        }
        for of in definitions.traits(&trait_name) {
            let Some(inner) = Walk::within(definitions, scope, bindings).bindings(of, segment)
            else {
                let what = format!("{what} leaves arguments to their defaults");
                self.find(Rule::NotUnderstood, what);
                continue;
            };
            for supertrait in &of.bounds {
                let TypeParamBound::Trait(supertrait) = supertrait else {
                    continue;
                };
                let mut inner = inner.clone();
                let own = supertrait.lifetimes.iter().flat_map(|it| &it.lifetimes);
                for param in own {
                    if let GenericParam::Lifetime(param) = param {
                        let name = name(&param.lifetime);
                        let other = format!("'_{}.{}", bindings.len(), &name[1..]);
                        inner.insert(name, Binding::Lifetime(other));
                    }
                }
                let inner = [bindings, &[inner]].concat();
                if let Some(segment) = supertrait.path.segments.last() {
                    self.bound(segment, binder, scope, &inner);
                }
            }
        }
    }

    /// Checks the types of a function pointer.
    fn types(&mut self, inputs: &[Type], output: &ReturnType, scope: &Scope, what: &str) {
        let mut walk = Walk::new(self.definitions, scope);
        walk.called(&inputs.iter().collect::<Vec<_>>(), output);
        self.called(walk, scope, what, None);
    }

    /// Checks the facts of a function. If there is a `binder`, the function may be a closure, which may capture
    /// values with each name that the binder does not contain.
    pub(super) fn called(
        &mut self,
        walk: Walk<'_>,
        scope: &Scope,
        what: &str,
        binder: Option<&BTreeSet<Name>>,
    ) {
        if walk.is_unclear {
            self.unclear(what);
        } else if walk.unknown && (binder.is_none() || walk.is_overgrown) {
            self.find(
                Rule::NotUnderstood,
                format!("{what} has a type that could not be read"),
            );
        }
        let around = &scope.header.edges;
        let alone = walk.of_result_alone(around, &scope.declared);
        self.relied(what, alone);
        self.outlived(what, walk.projected_by_result_alone(&scope.declared));
        let mut facts = walk.facts;
        if facts.edges.is_empty() && around.is_empty() {
            return;
        }
        let related = facts.edges.iter().flat_map(|it| [&it.inner, &it.outer]);
        let related: BTreeSet<_> = related.cloned().collect();
        for name in related {
            if binder.is_some_and(|binder| !binder.contains(&name)) && !name.starts_with("'_") {
                facts.occurrences.push(Occurrence {
                    name,
                    nodes: Vec::new(),
                    guards: Vec::new(),
                    supply: true,
                    demand: true,
                    is_plain: false,
                });
            }
        }
        facts.edges.extend(around.iter().cloned());
        let related = facts.edges.iter().flat_map(|it| [&it.inner, &it.outer]);
        let related: BTreeSet<_> = related.collect();
        let of_bounds = scope.bounds.occurrences.iter();
        let of_bounds = of_bounds.filter(|it| related.contains(&it.name));
        facts.occurrences.extend(of_bounds.cloned());
        self.judge(what, &facts, &scope.declared);
    }
}

/// Reads `for<…>`, and the traits of the bounds there.
fn quantified(input: ParseStream<'_>) -> syn::Result<(BoundLifetimes, Vec<syn::Path>)> {
    let binder: BoundLifetimes = input.parse()?;
    let mut bounds = Vec::new();
    let ahead = input.fork();
    let ty = ahead.parse::<Type>();
    if ty.is_ok() && ahead.peek(syn::Token![:]) && !ahead.peek(syn::Token![::]) {
        // The type before the colon may be the first bound of a trait object, as in `dyn for<'a> A<'a>: B`.
        if let Type::Path(path) = input.parse::<Type>()? {
            bounds.push(path.path);
        }
        input.parse::<syn::Token![:]>()?;
        while !input.is_empty() && !input.peek(syn::Token![,]) && !input.peek(syn::Token![;]) {
            if let TypeParamBound::Trait(bound) = input.parse()? {
                bounds.push(bound.path);
            }
            if input.parse::<Option<syn::Token![+]>>()?.is_none() {
                break;
            }
        }
    } else if !matches!(ty, Ok(Type::BareFn(_))) {
        bounds.push(input.parse::<TraitBound>()?.path);
    }
    input.parse::<TokenStream>()?;
    Ok((binder, bounds))
}
