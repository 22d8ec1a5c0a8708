//! Headers of impls, and their associated types.

use std::collections::BTreeSet;

use syn::visit::{self, Visit};
use syn::{
    Generics, Ident, ImplItem, ItemImpl, Path, TraitBoundModifier, Type, TypeParamBound, TypePath,
    WherePredicate,
};

use super::Shape;
use super::traits::Projections;
use crate::finding::Rule;
use crate::lifetimes::declared::{inside, name, names};
use crate::lifetimes::definitions::{Definitions, is_given};
use crate::lifetimes::facts::Name;

impl Shape<'_> {
    pub(super) fn implementation(&mut self, item: &ItemImpl) {
        let Some((_, path, _)) = &item.trait_ else {
            return;
        };
        let last = path.segments.last().map(|it| it.ident.to_string());
        let trait_name = last.unwrap_or_default();
        let header = self.header(item, path);
        self.overlap(item, &trait_name);
        self.coherence(item, path, &trait_name);
        self.free_lifetimes(item, &header, &trait_name);
        self.free_types(item, &header, &trait_name);
        self.kept_projections(item, &trait_name);
        self.destructor(item, &trait_name);
        self.proofs(item, &trait_name);
    }

    /// Refuses an impl that may also apply to an object of its own trait. The object has associated types of its own,
    /// so safe code could take a value of the object's associated type for a value of the impl's associated type
    /// (rustc issues 57893 and 152783). The compiler refuses such an impl if the type is spelled as `dyn`, but not if
    /// it has another name.
    ///
    /// The object and the impl may also differ in the trait's parameters. The compiler proves `dyn Q<'x>: for<'z>
    /// Q<'z>` by the impl for all types, but then the object's own impl runs, because the generated code knows no
    /// lifetimes.
    fn overlap(&mut self, item: &ItemImpl, trait_name: &str) {
        let Type::Path(ty) = bare(&item.self_ty) else {
            return;
        };
        let parameters = item.generics.type_params();
        let parameters = parameters.map(|it| it.ident.to_string()).collect();
        let last = ty.path.segments.last().map(|it| it.ident.to_string());
        let last = last.unwrap_or_default();
        let differs = |name: &str| {
            let traits = self.definitions.traits(name);
            let mut traits = traits.iter();
            traits.any(|it| it.associates || it.has_parameters())
        };
        let what = if is_projection(ty, &parameters) {
            "a projection"
        } else if self.definitions.is_alias(&last) {
            "another name of a type"
        } else if unsized_parameters(&item.generics).contains(&last) && differs(trait_name) {
            // The compiler allows such an impl only of the crate's own traits.
            "a parameter that may be `?Sized`"
        } else {
            return;
        };
        let what = format!(
            "an impl of {trait_name} for {what} may apply to `dyn {trait_name}` too, which has other associated \
             types or lifetimes: write the type itself, and leave out `?Sized`"
        );
        self.find(Rule::UnsafeCode, what);
    }

    /// Returns the names that an impl's header determines.
    fn header(&self, item: &ItemImpl, path: &Path) -> BTreeSet<Name> {
        let mut bound = Bound {
            definitions: self.definitions,
            parameters: type_parameters(item),
            names: BTreeSet::new(),
        };
        bound.visit_type(&item.self_ty);
        // A trait is not an alias, so its arguments count.
        for segment in &path.segments {
            bound.visit_path_arguments(&segment.arguments);
        }
        bound.names
    }

    /// Refuses a lifetime that occurs only in an impl's bounds: it may be the empty lifetime, which everything
    /// outlives (rustc issue 161864).
    fn free_lifetimes(&mut self, item: &ItemImpl, header: &BTreeSet<Name>, trait_name: &str) {
        for parameter in item.generics.lifetimes() {
            let name = name(&parameter.lifetime);
            if !header.contains(&name) {
                let what = format!(
                    "an impl of {trait_name} has {name} in neither its trait nor its type: {name} may be a lifetime \
                     that everything outlives, and then `for<'any> &'any T: Trait<{name}>` holds"
                );
                self.find(Rule::ImpliedBound, what);
            }
        }
    }

    /// Refuses type parameters that occur only in an impl's bounds. Such a parameter may be the result of a function.
    /// The compiler checks nowhere whether this result is well-formed, so a function that is called with it relies on
    /// bounds that nobody has proved (rustc issue 25860). If the parameter is an iterator's item, or an associated
    /// type of any other trait, the compiler checks it in that trait's impl. But if this impl uses it as an
    /// associated type once more, it need not outlive everything that the implementor outlives (84366). The compiler
    /// checks all other parameters: those of a function, or of an impl without a trait, where the function is called,
    /// and those in a header where the impl is used.
    fn free_types(&mut self, item: &ItemImpl, header: &BTreeSet<Name>, trait_name: &str) {
        let given = given(&item.generics, header, self.definitions);
        let is_said = |name: &Ident| {
            self.definitions
                .is_always_said(trait_name, &name.to_string())
        };
        let associated: BTreeSet<_> = item
            .items
            .iter()
            .flat_map(|item| match item {
                ImplItem::Type(item) if !is_said(&item.ident) => inside(&item.ty),
                _ => BTreeSet::new(),
            })
            .collect();
        for parameter in item.generics.type_params() {
            let name = parameter.ident.to_string();
            let does = if header.contains(&name) {
                continue;
            } else if associated.contains(&name) {
                "associates"
            } else if !given.contains(&name) {
                "calls a function for"
            } else {
                continue;
            };
            let what = format!(
                "an impl of {trait_name} {does} {name}, which stands in neither its trait nor its type: the compiler \
                 does not check a closure's result, and believes that it outlives everything that the closure \
                 outlives; make it a parameter of the implementor, as in `Own<F: Fn() -> {name}, {name}>`"
            );
            self.find(Rule::ImpliedBound, what);
        }
    }

    /// Refuses a destructor that calls a trait's methods on a parameter. The compiler does not check whether the
    /// parts of a struct are well-formed, and no path names the type when it is dropped (rustc issue 25860).
    fn destructor(&mut self, item: &ItemImpl, trait_name: &str) {
        if !self.definitions.means(trait_name, "Drop") {
            return;
        }
        let mut bounds = Bounded(false);
        bounds.visit_generics(&item.generics);
        if bounds.0 {
            let what = "an impl of Drop bounds a parameter by a trait: the compiler does not check the types in the \
                        dropped struct; have the parameter drop itself, or keep `Box<dyn Trait>` in the struct";
            self.find(Rule::ImpliedBound, what.to_owned());
        }
    }

    /// Refuses an impl whose associated type contains a projection to an iterator's item, a future's output or a
    /// function's output. The compiler takes an associated type to live as long as the implementor, but a closure may
    /// live longer than its results (84366). Impls of the traits of iterators and futures may have any associated
    /// types, since every bound by those traits names the type (`says_all`). Under this rule an associated type of
    /// any other trait does live as long as its implementor, so an impl may use it as an associated type once more.
    fn kept_projections(&mut self, item: &ItemImpl, trait_name: &str) {
        if self.definitions.means(trait_name, "ToOwned") {
            let what = "an impl of ToOwned makes a `Cow` that outlives less than the compiler believes: write the two \
                        variants as an enum of its own";
            self.find(Rule::ImpliedBound, what.to_owned());
        }
        for associated in &item.items {
            let ImplItem::Type(associated) = associated else {
                continue;
            };
            let name = &associated.ident;
            if self
                .definitions
                .is_always_said(trait_name, &name.to_string())
            {
                continue;
            }
            let mut parameters = type_parameters(item);
            let own = associated.generics.type_params();
            parameters.extend(own.map(|it| it.ident.to_string()));
            if !parameters.is_empty() {
                // A projection of `Self` may be a projection of any parameter.
                parameters.insert("Self".to_owned());
            }
            // `FlatMap` keeps an `IntoIter` in a field, so in an `IntoIter` every projection counts.
            let is_kept = name == "IntoIter";
            let mut projections = Projections {
                definitions: self.definitions,
                parameters,
                counts: &|last| is_kept || is_given(last),
                found: BTreeSet::new(),
            };
            projections.visit_type(&associated.ty);
            for parameter in projections.found {
                let what = format!(
                    "an impl of {trait_name} associates {name}, which is projected from {parameter} and outlives less \
                     than the compiler believes: make that type a parameter of the implementor, as in \
                     `Own<I: Iterator<Item = R>, R>`"
                );
                self.find(Rule::ImpliedBound, what);
            }
        }
    }
}

/// Returns a type without parentheses.
fn bare(ty: &Type) -> &Type {
    match ty {
        Type::Paren(it) => bare(&it.elem),
        Type::Group(it) => bare(&it.elem),
        ty => ty,
    }
}

/// Whether a type is projected from another.
pub(super) fn is_projection(ty: &TypePath, parameters: &BTreeSet<Name>) -> bool {
    let first = ty.path.segments.first().map(|it| it.ident.to_string());
    let first = first.unwrap_or_default();
    ty.qself.is_some()
        || (ty.path.segments.len() > 1 && (first == "Self" || parameters.contains(&first)))
}

/// Returns the type parameters that may be unsized.
fn unsized_parameters(generics: &Generics) -> BTreeSet<Name> {
    let is_maybe = |bound: &TypeParamBound| matches!(bound, TypeParamBound::Trait(bound) if matches!(bound.modifier, TraitBoundModifier::Maybe(_)));
    let params = generics.type_params();
    let params = params.filter(|param| param.bounds.iter().any(is_maybe));
    let mut found: BTreeSet<_> = params.map(|param| param.ident.to_string()).collect();
    let clauses = generics.where_clause.iter();
    for predicate in clauses.flat_map(|clause| &clause.predicates) {
        if let WherePredicate::Type(predicate) = predicate
            && predicate.bounds.iter().any(is_maybe)
        {
            found.extend(names(&predicate.bounded_ty));
        }
    }
    found
}

/// The names that a type determines: each of them has one meaning if the type is known. Names in projections and in
/// arguments of aliases do not count, because the projection or the alias may drop them.
struct Bound<'a> {
    definitions: &'a Definitions,
    parameters: BTreeSet<Name>,
    names: BTreeSet<Name>,
}

impl<'ast> Visit<'ast> for Bound<'_> {
    fn visit_lifetime(&mut self, lifetime: &'ast syn::Lifetime) {
        self.names.insert(name(lifetime));
    }

    fn visit_type_path(&mut self, ty: &'ast TypePath) {
        let last = ty.path.segments.last().map(|it| it.ident.to_string());
        let last = last.unwrap_or_default();
        if !is_projection(ty, &self.parameters) && !self.definitions.is_alias(&last) {
            self.names
                .extend(ty.path.get_ident().map(ToString::to_string));
            visit::visit_type_path(self, ty);
        }
    }

    fn visit_expr(&mut self, _: &'ast syn::Expr) {}
}

/// Returns the names that a header determines, and the names that bounds on these names determine by an associated
/// type: if `I` is determined, `I: Iterator<Item = R>` determines `R`. Results of functions are not included.
fn given(
    generics: &Generics,
    header: &BTreeSet<Name>,
    definitions: &Definitions,
) -> BTreeSet<Name> {
    let mut bounds = Vec::new();
    for parameter in generics.type_params() {
        bounds.extend(
            parameter
                .bounds
                .iter()
                .map(|it| (parameter.ident.to_string(), it)),
        );
    }
    for predicate in generics.where_clause.iter().flat_map(|it| &it.predicates) {
        // Bounds on any other type do not count, because the type may contain a name that it does not determine.
        if let WherePredicate::Type(it) = predicate
            && let Type::Path(path) = &it.bounded_ty
            && let Some(name) = path.path.get_ident()
        {
            bounds.extend(it.bounds.iter().map(|bound| (name.to_string(), bound)));
        }
    }
    let parameters: BTreeSet<_> = generics
        .type_params()
        .map(|it| it.ident.to_string())
        .collect();
    let mut given = header.clone();
    // Each round adds at least one name until none is left to add, so this number of rounds is enough.
    for _ in 0..=parameters.len() {
        for (name, bound) in &bounds {
            if given.contains(name) {
                let mut associated = Associated(Bound {
                    definitions,
                    parameters: parameters.clone(),
                    names: BTreeSet::new(),
                });
                associated.visit_type_param_bound(bound);
                given.extend(associated.0.names);
            }
        }
    }
    let mut returned = Returned(BTreeSet::new());
    returned.visit_generics(generics);
    given.retain(|name| header.contains(name) || !returned.0.contains(name));
    given
}

/// Finds the names that the associated types in a bound determine.
struct Associated<'a>(Bound<'a>);

impl<'ast> Visit<'ast> for Associated<'_> {
    fn visit_assoc_type(&mut self, associated: &'ast syn::AssocType) {
        self.0.visit_type(&associated.ty);
    }
}

/// Whether there is a bound by a trait, other than `?Sized`.
struct Bounded(bool);

impl<'ast> Visit<'ast> for Bounded {
    fn visit_trait_bound(&mut self, bound: &'ast syn::TraitBound) {
        self.0 |= !matches!(bound.modifier, TraitBoundModifier::Maybe(_));
    }
}

/// The names in results of functions.
struct Returned(BTreeSet<Name>);

impl<'ast> Visit<'ast> for Returned {
    fn visit_return_type(&mut self, result: &'ast syn::ReturnType) {
        if let syn::ReturnType::Type(_, ty) = result {
            self.0.extend(inside(ty));
        }
    }

    fn visit_assoc_type(&mut self, associated: &'ast syn::AssocType) {
        if associated.ident == "Output" {
            self.0.extend(inside(&associated.ty));
        }
        visit::visit_assoc_type(self, associated);
    }
}

/// Returns the names of an impl's type parameters.
fn type_parameters(item: &ItemImpl) -> BTreeSet<String> {
    let parameters = item.generics.type_params();
    parameters.map(|it| it.ident.to_string()).collect()
}
