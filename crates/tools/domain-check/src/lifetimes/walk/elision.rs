//! Elided lifetimes of a function's result, and their meaning.
//!
//! There is one rule for functions, methods, pointers and bounds. An elided lifetime of a result is that of the
//! receiver, or the only lifetime in the inputs. Lifetimes in another function's type, behind `for<…>` or in an `impl
//! Trait` do not count. The check counts only lifetimes that certainly occur in the inputs. The compiler refuses a
//! result that could mean two lifetimes, so if exactly one is certain, the result means that one. Otherwise the
//! result is unclear, and the check refuses it.

use std::collections::BTreeSet;

use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};
use syn::visit_mut::{self, VisitMut};
use syn::{
    AngleBracketedGenericArguments, BoundLifetimes, Expr, GenericArgument, GenericParam, Lifetime,
    ParenthesizedGenericArguments, PathArguments, PathSegment, Token, TraitBound, Type, TypeBareFn,
    TypeImplTrait, TypePath, TypeReference,
};

use super::Walk;
use crate::lifetimes::declared::name;
use crate::lifetimes::facts::Name;

/// The meaning of an elided lifetime.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(in crate::lifetimes) enum Elided {
    /// A lifetime of its own.
    #[default]
    Fresh,
    /// This lifetime.
    One(Name),
    /// The lifetime is one of several, or one that the check does not see.
    Unclear,
}

impl Walk<'_> {
    /// Gives names to the lifetimes that inputs certainly elide, and returns the meaning of a lifetime that the
    /// result elides.
    pub(in crate::lifetimes) fn named(
        &mut self,
        receiver: Option<&mut Type>,
        inputs: &mut [Type],
    ) -> Elided {
        let of_receiver = receiver.map(|it| {
            self.certain(std::slice::from_mut(it));
            of_receiver(it)
        });
        let all = self.certain(inputs);
        let only = all.first().filter(|_| all.len() == 1);
        match (of_receiver.unwrap_or_default(), only) {
            (Elided::Fresh, Some(only)) => Elided::One(self.meaning(only)),
            (Elided::Fresh, None) => Elided::Unclear,
            (of_receiver, _) => of_receiver,
        }
    }

    /// Returns the lifetimes that certainly occur in inputs, and gives a name to each that has none.
    fn certain(&mut self, inputs: &mut [Type]) -> BTreeSet<Name> {
        let mut certain = Certain {
            walk: self,
            bound: Vec::new(),
            found: BTreeSet::new(),
        };
        for input in inputs {
            certain.visit_type_mut(input);
        }
        certain.found
    }

    /// Gives a name to each `'_` of a path's segment.
    pub(super) fn name_given(&mut self, segment: &mut PathSegment) {
        if let PathArguments::AngleBracketed(given) = &mut segment.arguments {
            for argument in &mut given.args {
                if let GenericArgument::Lifetime(lifetime) = argument
                    && lifetime.ident == "_"
                {
                    *lifetime = Lifetime::new(&self.lifetime(None), lifetime.span());
                }
            }
        }
    }

    /// Writes `count` new lifetimes into a path's segment that leaves its lifetimes out.
    pub(super) fn fill(&mut self, segment: &mut PathSegment, count: usize) {
        let is_given = match &segment.arguments {
            PathArguments::AngleBracketed(given) => {
                let mut given = given.args.iter();
                given.any(|it| matches!(it, GenericArgument::Lifetime(_)))
            }
            PathArguments::Parenthesized(_) => true,
            PathArguments::None => false,
        };
        if is_given || count == 0 {
            return;
        }
        let span = segment.ident.span();
        let left_out = (0..count).map(|_| Lifetime::new(&self.lifetime(None), span));
        let mut all: Punctuated<_, Token![,]> = left_out.map(GenericArgument::Lifetime).collect();
        if let PathArguments::AngleBracketed(given) = &mut segment.arguments {
            all.extend(std::mem::take(&mut given.args));
            given.args = all;
        } else {
            segment.arguments = PathArguments::AngleBracketed(AngleBracketedGenericArguments {
                colon2_token: None,
                lt_token: <Token![<]>::default(),
                args: all,
                gt_token: <Token![>]>::default(),
            });
        }
    }
}

/// Returns the meaning of a result's elided lifetime by the receiver alone: `Fresh` if the receiver has no reference.
/// The compiler looks for a reference to the implementor's type, which need not be written as `Self`. So every
/// receiver except a single reference to `Self` is unclear.
fn of_receiver(ty: &Type) -> Elided {
    #[derive(Default)]
    struct References(Vec<TypeReference>);
    impl<'ast> Visit<'ast> for References {
        fn visit_type_reference(&mut self, reference: &'ast TypeReference) {
            self.0.push(reference.clone());
            visit::visit_type_reference(self, reference);
        }
    }
    let mut references = References::default();
    references.visit_type(ty);
    match &references.0[..] {
        [] => Elided::Fresh,
        [only] if has_self(&only.elem) => match &only.lifetime {
            Some(lifetime) => Elided::One(name(lifetime)),
            None => Elided::Unclear,
        },
        _ => Elided::Unclear,
    }
}

fn has_self(ty: &Type) -> bool {
    struct Found(bool);
    impl<'ast> Visit<'ast> for Found {
        fn visit_path(&mut self, path: &'ast syn::Path) {
            self.0 |= path.is_ident("Self");
            visit::visit_path(self, path);
        }
    }
    let mut found = Found(false);
    found.visit_type(ty);
    found.0
}

/// Returns the names that a binder binds.
pub(in crate::lifetimes) fn binder(bound: Option<&BoundLifetimes>) -> BTreeSet<Name> {
    let params = bound.into_iter().flat_map(|it| &it.lifetimes);
    let names = params.filter_map(|it| match it {
        GenericParam::Lifetime(it) => Some(name(&it.lifetime)),
        _ => None,
    });
    names.collect()
}

/// Finds the lifetimes that certainly occur in inputs, and gives a name to each that has none.
struct Certain<'w, 'a> {
    walk: &'w mut Walk<'a>,
    /// The names that the enclosing binders bind.
    bound: Vec<BTreeSet<Name>>,
    found: BTreeSet<Name>,
}

impl Certain<'_, '_> {
    fn at(&mut self, lifetime: &mut Lifetime) {
        if lifetime.ident == "_" {
            *lifetime = self.fresh();
        }
        let name = name(lifetime);
        if !self.bound.iter().any(|it| it.contains(&name)) {
            self.found.insert(name);
        }
    }

    fn fresh(&mut self) -> Lifetime {
        Lifetime::new(&self.walk.fresh(), proc_macro2::Span::call_site())
    }
}

impl VisitMut for Certain<'_, '_> {
    fn visit_type_reference_mut(&mut self, reference: &mut TypeReference) {
        let mut lifetime = match reference.lifetime.take() {
            Some(lifetime) => lifetime,
            None => self.fresh(),
        };
        self.at(&mut lifetime);
        reference.lifetime = Some(lifetime);
        self.visit_type_mut(&mut reference.elem);
    }

    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        self.at(lifetime);
    }

    fn visit_type_path_mut(&mut self, path: &mut TypePath) {
        let is_foreign = self.walk.definitions.may_be_foreign(&path.path);
        if let Some(last) = path.path.segments.last_mut().filter(|_| !is_foreign) {
            let known = self.walk.definitions.get(&last.ident.to_string(), 0);
            let count = known.and_then(|it| it.same_lifetimes()).unwrap_or_default();
            self.walk.fill(last, count);
        }
        visit_mut::visit_type_path_mut(self, path);
    }

    fn visit_trait_bound_mut(&mut self, bound: &mut TraitBound) {
        if let Some(last) = bound.path.segments.last_mut() {
            let traits = self.walk.definitions.traits(&last.ident.to_string());
            let counts: BTreeSet<_> = traits.iter().map(|it| it.lifetimes.len()).collect();
            let count = counts.first().filter(|_| counts.len() == 1);
            self.walk.fill(last, count.copied().unwrap_or_default());
        }
        self.bound.push(binder(bound.lifetimes.as_ref()));
        self.visit_path_mut(&mut bound.path);
        self.bound.pop();
    }

    // Lifetimes inside of these forms do not count.
    fn visit_type_bare_fn_mut(&mut self, _: &mut TypeBareFn) {}
    fn visit_parenthesized_generic_arguments_mut(&mut self, _: &mut ParenthesizedGenericArguments) {
    }
    fn visit_type_impl_trait_mut(&mut self, _: &mut TypeImplTrait) {}
    fn visit_expr_mut(&mut self, _: &mut Expr) {}
}
