//! Definitions of traits.

use std::collections::BTreeSet;

use syn::visit::{self, Visit};
use syn::{
    GenericArgument, GenericParam, Generics, ItemTrait, PathArguments, TraitItem, Type,
    TypeParamBound, TypePath, WherePredicate,
};

use super::Shape;
use super::impls::is_projection;
use crate::finding::Rule;
use crate::lifetimes::declared::inside;
use crate::lifetimes::definitions::Definitions;

/// The most ways from a trait to its supertraits that are followed.
const MOST_WAYS: usize = 1000;

impl Shape<'_> {
    /// Refuses a trait that names a type which is projected from its parameter. If the parameter outlives `'static`,
    /// the compiler believes the same of such a type. But a closure's result need not outlive `'static` (rustc issue
    /// 84366).
    pub(super) fn definition(&mut self, item: &ItemTrait) {
        let parameters = item.generics.type_params();
        let mut projections = Projections {
            definitions: self.definitions,
            parameters: parameters.map(|it| it.ident.to_string()).collect(),
            counts: &|_| true,
            found: BTreeSet::new(),
        };
        projections.visit_item_trait(item);
        for parameter in projections.found {
            let what = format!(
                "trait {} names a type that is projected from its parameter {parameter}, which outlives less than \
                 {parameter} may: make the type a parameter, as in `{parameter}: Iterator<Item = R>`",
                item.ident
            );
            self.find(Rule::ImpliedBound, what);
        }
        self.supertraits(&item.ident.to_string());
        self.repeated_supertraits(&item.ident.to_string());
        self.bounds_parameters(&item.ident.to_string(), &item.generics);
        for associated in &item.items {
            if let TraitItem::Type(associated) = associated {
                self.bounds_parameters(&associated.ident.to_string(), &associated.generics);
            }
        }
    }

    /// Refuses a trait that has the same trait with parameters twice among its direct and indirect supertraits. If
    /// the arguments of the two become equal, the two supertraits of an object become one, which then has two
    /// different associated types (a variant of rustc issue 57893).
    fn repeated_supertraits(&mut self, name: &str) {
        let (mut above, mut path) = (Vec::new(), vec![name.to_owned()]);
        let mut left = MOST_WAYS;
        self.supertraits_of(&mut path, &mut left, &mut above);
        let mut repeated = above.iter().enumerate().filter_map(|(at, names)| {
            let mut before = above.iter().take(at);
            before.find_map(|it| names.intersection(it).next())
        });
        let what = if let Some(repeated) = repeated.next() {
            format!("{name} has {repeated} twice among its supertraits, and they may become one")
        } else if left == 0 {
            format!("{name} has supertraits in {MOST_WAYS} ways or more, and is not understood")
        } else {
            return;
        };
        self.find(Rule::UnsafeCode, what);
    }

    /// Collects the names of each supertrait with parameters, once for each way to it. `path` leads from the trait to
    /// the current one, and `left` is the number of ways that may still be followed.
    fn supertraits_of(
        &self,
        path: &mut Vec<String>,
        left: &mut usize,
        above: &mut Vec<BTreeSet<String>>,
    ) {
        let Some(name) = path.last().cloned() else {
            return;
        };
        let has_parameters = |name: &str| {
            let traits = self.definitions.traits(name);
            traits.iter().any(|it| it.has_parameters())
        };
        for bound in self
            .definitions
            .traits(&name)
            .iter()
            .flat_map(|it| &it.bounds)
        {
            let TypeParamBound::Trait(bound) = bound else {
                continue;
            };
            let Some(last) = bound.path.segments.last() else {
                continue;
            };
            let Some(less) = left.checked_sub(1) else {
                return;
            };
            *left = less;
            let of = last.ident.to_string();
            let mut names = self.definitions.meanings(&of);
            let is_foreign = |name: &String| {
                FOREIGN.contains(&name.as_str()) || self.definitions.traits(name).is_empty()
            };
            if is_given(&last.arguments) && names.iter().any(is_foreign) {
                // Two traits of other crates may have a common supertrait, as `FnMut` and `Fn` have `FnOnce`.
                above.push(BTreeSet::from(["a trait of another crate's".to_owned()]));
                names.retain(|name| !is_foreign(name));
            }
            if !names.is_empty() && (is_given(&last.arguments) || has_parameters(&of)) {
                above.push(names);
            }
            // A name that is already on the path is not followed again. If it means a trait of another module here,
            // the bounds of that trait were already followed together with those of the first one.
            if !path.contains(&of) {
                path.push(of);
                self.supertraits_of(path, left, above);
                path.pop();
            }
        }
    }

    /// Refuses a supertrait of the standard library, or of a reviewed crate, that has a parameter and an impl for all
    /// types, including objects. The compiler may use that impl in a proof, and then the object's own code runs, as
    /// `overlap` describes.
    fn supertraits(&mut self, name: &str) {
        const FOR_ALL: &[&str] = &["Borrow", "BorrowMut", "Comparable", "Equivalent"];
        let traits = self.definitions.traits(name);
        let bounds = traits.iter().flat_map(|it| &it.bounds);
        let names = bounds.filter_map(|bound| match bound {
            TypeParamBound::Trait(bound) => bound.path.segments.last(),
            _ => None,
        });
        let names: Vec<_> = names.map(|it| it.ident.to_string()).collect();
        let is_for_all = |name: &String| FOR_ALL.iter().any(|it| self.definitions.means(name, it));
        if let Some(bound) = names.into_iter().find(is_for_all) {
            let what = format!(
                "an object of {name} is also one of {bound}, which has an impl for all types: give {name} a method \
                 of its own instead of the supertrait"
            );
            self.find(Rule::UnsafeCode, what);
        }
    }

    /// Refuses a trait, or an associated type, that bounds its own parameters by lifetimes. A projection implies such
    /// a bound, and the compiler does not prove it for a trait object (rustc issues 25860 and 27579).
    fn bounds_parameters(&mut self, name: &str, generics: &Generics) {
        let is_self = |ty: &Type| matches!(ty, Type::Path(it) if it.path.is_ident("Self"));
        let of_parameters = generics.params.iter().any(|parameter| match parameter {
            GenericParam::Lifetime(it) => !it.bounds.is_empty(),
            GenericParam::Type(it) => it.bounds.iter().any(|bound| self.outlives(bound)),
            GenericParam::Const(_) => false,
        });
        let clauses = generics.where_clause.iter();
        let mut clauses = clauses.flat_map(|clause| &clause.predicates);
        let of_clauses = clauses.any(|predicate| match predicate {
            WherePredicate::Lifetime(_) => true,
            WherePredicate::Type(it) if is_self(&it.bounded_ty) => false,
            WherePredicate::Type(it) => it.bounds.iter().any(|bound| self.outlives(bound)),
            _ => true,
        });
        if of_parameters || of_clauses {
            let what = format!(
                "{name} says that its parameters outlive a lifetime, and a projection by it implies that bound: \
                 write the bound where a value needs it, in a function or an impl"
            );
            self.find(Rule::ImpliedBound, what);
        }
    }
}

/// Traits of the standard library that share a supertrait with an associated type. A trait of such a name may be
/// foreign even if the unit has a trait of the same name.
const FOREIGN: &[&str] = &["Fn", "FnMut", "FnOnce", "Index", "IndexMut"];

/// Whether there are arguments other than associated types.
fn is_given(arguments: &PathArguments) -> bool {
    match arguments {
        PathArguments::None => false,
        PathArguments::Parenthesized(_) => true,
        PathArguments::AngleBracketed(list) => list.args.iter().any(|it| {
            !matches!(
                it,
                GenericArgument::AssocType(_) | GenericArgument::AssocConst(_)
            )
        }),
    }
}

/// Finds the parameters that types are projected from.
pub(super) struct Projections<'a> {
    pub(super) definitions: &'a Definitions,
    pub(super) parameters: BTreeSet<String>,
    /// Whether a projection with this last name counts.
    pub(super) counts: &'a dyn Fn(&str) -> bool,
    pub(super) found: BTreeSet<String>,
}

impl<'ast> Visit<'ast> for Projections<'_> {
    fn visit_type_path(&mut self, ty: &'ast TypePath) {
        let last = ty.path.segments.last().map(|it| it.ident.to_string());
        let last = last.unwrap_or_default();
        let may_project = self.definitions.may_project(&last);
        if may_project || (is_projection(ty, &self.parameters) && (self.counts)(&last)) {
            let names = inside(&Type::Path(ty.clone()));
            let mut named = self.parameters.iter().filter(|it| names.contains(*it));
            self.found.extend(named.next().cloned());
        }
        visit::visit_type_path(self, ty);
    }
}
