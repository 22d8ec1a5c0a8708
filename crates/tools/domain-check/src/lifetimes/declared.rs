//! Bounds that are written down, or proved.

use std::collections::BTreeSet;

use syn::visit::{self, Visit};
use syn::{GenericParam, Generics, Lifetime, Type, TypeParamBound, WherePredicate};

use super::facts::{Edge, Name, Standing};
use super::relations::Relations;

/// Relations between names that hold for certain, because they are written down or proved. They excuse bounds that a
/// type implies, so nothing that is only assumed may be added here.
#[derive(Clone, Debug, Default)]
pub(super) struct Declared(Relations);

impl Declared {
    /// Returns the relations. If a caller adds assumed relations to a copy of them, this copy may accuse but not
    /// excuse.
    pub(super) fn relations(&self) -> &Relations {
        &self.0
    }

    /// Adds those of the edges that are proved.
    pub(super) fn prove<'e>(&mut self, edges: impl IntoIterator<Item = &'e Edge>) {
        for edge in edges
            .into_iter()
            .filter(|it| it.standing == Standing::Proved)
        {
            self.0.add(edge.outer.clone(), edge.inner.clone());
        }
    }

    /// Adds the relations of `other`.
    pub(super) fn append(&mut self, other: &Declared) {
        self.0.append(&other.0);
    }

    /// Adds the bounds in generics and their where clause.
    pub(super) fn extend(&mut self, generics: &Generics) {
        for param in &generics.params {
            match param {
                GenericParam::Lifetime(param) => {
                    let inner = name(&param.lifetime);
                    self.lifetimes(&inner, param.bounds.iter());
                }
                GenericParam::Type(param) => self.bounds(&param.ident.to_string(), &param.bounds),
                GenericParam::Const(_) => {}
            }
        }
        let predicates = generics.where_clause.iter();
        for predicate in predicates.flat_map(|clause| &clause.predicates) {
            match predicate {
                WherePredicate::Lifetime(predicate) => {
                    let inner = name(&predicate.lifetime);
                    self.lifetimes(&inner, predicate.bounds.iter());
                }
                WherePredicate::Type(predicate) if predicate.lifetimes.is_none() => {
                    for inner in names(&predicate.bounded_ty) {
                        self.bounds(&inner, &predicate.bounds);
                    }
                }
                _ => {}
            }
        }
    }

    fn lifetimes<'a>(&mut self, inner: &str, outer: impl Iterator<Item = &'a Lifetime>) {
        for outer in outer {
            self.0.add(name(outer), inner.to_owned());
        }
    }

    /// Adds the lifetimes among `bounds`, which bound a type with the name `inner`.
    pub(super) fn bounds<'a>(
        &mut self,
        inner: &str,
        bounds: impl IntoIterator<Item = &'a TypeParamBound>,
    ) {
        for bound in bounds {
            if let TypeParamBound::Lifetime(outer) = bound {
                self.0.add(name(outer), inner.to_owned());
            }
        }
    }
}

/// Returns names in a type. If the type outlives a lifetime, each of these names certainly outlives it, too. They are
/// the names of parameters and the lifetimes of references, also inside tuples, arrays, slices and pointers.
fn parts(ty: &Type) -> Vec<Name> {
    match ty {
        Type::Path(path) => path
            .path
            .get_ident()
            .map(ToString::to_string)
            .into_iter()
            .collect(),
        Type::Reference(reference) => {
            let mut found = parts(&reference.elem);
            found.extend(reference.lifetime.as_ref().map(name));
            found
        }
        Type::Tuple(tuple) => tuple.elems.iter().flat_map(parts).collect(),
        Type::Slice(slice) => parts(&slice.elem),
        Type::Array(array) => parts(&array.elem),
        Type::Paren(paren) => parts(&paren.elem),
        Type::Group(group) => parts(&group.elem),
        Type::Ptr(pointer) => parts(&pointer.elem),
        _ => Vec::new(),
    }
}

/// Whether `names` finds every name to which a bound on the type applies. It does if the type consists of projections
/// and of paths without arguments, joined by references, pointers, tuples, slices and arrays.
pub(super) fn is_taken_apart(ty: &Type) -> bool {
    match ty {
        Type::Path(path) => {
            path.path.get_ident().is_some()
                || path.qself.is_some()
                || path.path.segments.iter().all(|it| it.arguments.is_none())
        }
        Type::Reference(reference) => is_taken_apart(&reference.elem),
        Type::Tuple(tuple) => tuple.elems.iter().all(is_taken_apart),
        Type::Slice(slice) => is_taken_apart(&slice.elem),
        Type::Array(array) => is_taken_apart(&array.elem),
        Type::Paren(paren) => is_taken_apart(&paren.elem),
        Type::Group(group) => is_taken_apart(&group.elem),
        Type::Ptr(pointer) => is_taken_apart(&pointer.elem),
        _ => false,
    }
}

/// Returns the names to which a bound on the type applies. If the type is a path that is not a single word, its
/// spelling is one of them.
pub(super) fn names(ty: &Type) -> Vec<Name> {
    let mut names = parts(ty);
    if matches!(ty, Type::Path(path) if path.path.get_ident().is_none()) {
        names.push(written(ty));
    }
    names
}

/// Returns all names in a type. A bound on a projection may be a bound on any name in it, because the projection may
/// be the parameter itself.
pub(super) fn inside(ty: &Type) -> BTreeSet<Name> {
    struct Inside(BTreeSet<Name>);
    impl<'ast> Visit<'ast> for Inside {
        fn visit_path(&mut self, path: &'ast syn::Path) {
            let first = path.segments.first();
            self.0.extend(first.map(|it| it.ident.to_string()));
            visit::visit_path(self, path);
        }

        fn visit_lifetime(&mut self, lifetime: &'ast Lifetime) {
            self.0.insert(name(lifetime));
        }
    }
    let mut inside = Inside(BTreeSet::new());
    inside.visit_type(ty);
    inside.0
}

/// Returns the spelling of a type, which serves as its name.
pub(super) fn written(ty: &Type) -> Name {
    format!("{ty:?}")
}

/// Whether a name is the spelling of a type.
pub(super) fn is_structure(name: &str) -> bool {
    name.contains(' ')
}

/// Returns a lifetime's name, with its tick and without `r#`.
pub(super) fn name(lifetime: &Lifetime) -> Name {
    let ident = lifetime.ident.to_string();
    format!("'{}", ident.strip_prefix("r#").unwrap_or(&ident))
}
