//! Associated types without a name: the hidden result type of a trait's method, and the future of an asynchronous
//! function. The compiler takes such a type to outlive everything that its implementor outlives, which may be a
//! closure whose result does not (rustc issue 84366). No bound can say otherwise, since none can name the type.

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
                    "trait {of} has no name for the type of what `{name}` returns, which is believed to outlive what \
                     the implementor outlives: give it one with `type`"
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
            "`{word}` has no name for its future, which is believed to outlive what the function outlives: bound the \
             function by one that returns `F`, and `F` by `Future`"
        );
        findings.push(Finding::new(Rule::ImpliedBound, what));
    }
}
