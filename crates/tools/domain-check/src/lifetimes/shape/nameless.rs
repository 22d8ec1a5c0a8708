//! Associated types without a name: the hidden result type of a trait's method, and the future of an asynchronous
//! function. The compiler takes such a type to outlive everything that its implementor outlives. But the implementor
//! may be a closure, whose result may live shorter (rustc issue 84366). No bound can say otherwise, since none can
//! name the type.

use std::collections::BTreeSet;

use syn::visit::Visit;
use syn::{ItemTrait, TraitItem, TypeImplTrait};

use super::Shape;
use crate::finding::{Finding, Findings, Rule};

/// Traits of the standard library with such an associated type.
const ASYNCHRONOUS: &[&str] = &["AsyncFn", "AsyncFnMut", "AsyncFnOnce"];

impl Shape<'_> {
    /// Judges the methods of a trait.
    pub(super) fn methods(&mut self, item: &ItemTrait) {
        for method in &item.items {
            let TraitItem::Fn(method) = method else {
                continue;
            };
            let mut hidden = Hidden(method.sig.asyncness.is_some());
            hidden.visit_return_type(&method.sig.output);
            if hidden.0 {
                let (of, name) = (&item.ident, &method.sig.ident);
                let what = format!(
                    "trait {of} has no name for the type that `{name}` returns, and the compiler believes that this \
                     type outlives everything that the implementor outlives: give it a name with `type`"
                );
                self.find(Rule::ImpliedBound, what);
            }
        }
    }
}

/// Finds `impl Trait`.
struct Hidden(bool);

impl<'ast> Visit<'ast> for Hidden {
    fn visit_type_impl_trait(&mut self, _: &'ast TypeImplTrait) {
        self.0 = true;
    }
}

/// Finds the names of traits with a nameless associated type. A bound needs one of these words, even after a renaming
/// import.
pub(super) fn search(words: &BTreeSet<String>, findings: &mut Findings) {
    for word in ASYNCHRONOUS.iter().filter(|it| words.contains(**it)) {
        let what = format!(
            "`{word}` has no name for its future, and the compiler believes that the future outlives everything that \
             the function outlives: bound the function by a trait whose call returns `F`, and `F` by `Future`"
        );
        findings.push(Finding::new(Rule::ImpliedBound, what));
    }
}
