//! Bounds whose printed form has another meaning than the compiled bound.
//!
//! If a macro has put a trait object behind `&`, `*const`, or `->`, the compiler prints it without the parentheses
//! that it needs there: `*const (dyn Mark + 'static)` becomes `*const dyn Mark + 'static`. After the result of a
//! bound, the part after `+` reads as one more bound; after a cast, it reads as one more operand. In all other places
//! the printed form cannot be parsed. The compiler refuses this spelling in sources.

use std::collections::BTreeSet;

use syn::punctuated::Punctuated;
use syn::{BinOp, Expr, ExprBinary, PathArguments, ReturnType, Token, Type, TypeParamBound};

use super::Shape;
use crate::finding::{Finding, Findings, Rule};

/// The labels that the compiler puts before parts of a closure's type when it prints the whole type.
const LABELS: &[&str] = &[
    "closure_kind_ty",
    "closure_sig_as_fn_ptr_ty",
    "signature_parts_ty",
    "upvar_tys",
];

/// Finds names that could be taken for one of the labels.
pub(super) fn search(words: &BTreeSet<String>, findings: &mut Findings) {
    for word in LABELS.iter().filter(|it| words.contains(**it)) {
        let what = format!("`{word}` is the compiler's name for a part of a closure's type");
        findings.push(Finding::new(Rule::ReservedName, what));
    }
}

impl Shape<'_> {
    /// Judges a list of bounds.
    pub(super) fn printed_bounds(&mut self, bounds: &Punctuated<TypeParamBound, Token![+]>) {
        let followed = bounds.len().saturating_sub(1);
        if bounds.iter().take(followed).any(results_in_an_object) {
            self.may_be_misread("a bound behind a result");
        }
    }

    /// Judges a sum whose left side is a cast.
    pub(super) fn printed_sum(&mut self, sum: &ExprBinary) {
        if let Expr::Cast(cast) = &*sum.left
            && matches!(sum.op, BinOp::Add(_))
            && ends_in_an_object(&cast.ty)
        {
            self.may_be_misread("a sum behind a cast");
        }
    }

    fn may_be_misread(&mut self, what: &str) {
        let what = format!(
            "{what} that ends in a trait object is printed like a bound of the object itself: give the object's type \
             a name, and write the name"
        );
        self.find(Rule::Misread, what);
    }
}

fn results_in_an_object(bound: &TypeParamBound) -> bool {
    let TypeParamBound::Trait(bound) = bound else {
        return false;
    };
    let last = bound.path.segments.last();
    // A bound in parentheses ends with them, so the next bound cannot be misread.
    let is_open = bound.paren_token.is_none();
    is_open
        && last.is_some_and(|last| match &last.arguments {
            PathArguments::Parenthesized(it) => gives_an_object(&it.output),
            _ => false,
        })
}

fn gives_an_object(result: &ReturnType) -> bool {
    match result {
        ReturnType::Type(_, ty) => ends_in_an_object(ty),
        ReturnType::Default => false,
    }
}

fn ends_in_an_object(ty: &Type) -> bool {
    match ty {
        Type::Reference(it) => ends_in_an_object(&it.elem),
        Type::Ptr(it) => ends_in_an_object(&it.elem),
        Type::BareFn(it) => gives_an_object(&it.output),
        Type::Group(it) => ends_in_an_object(&it.elem),
        Type::TraitObject(_) | Type::ImplTrait(_) => true,
        _ => false,
    }
}
