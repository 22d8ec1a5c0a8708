//! Unsaid types: associated types of parameters to which no bound gives a name.

use std::collections::BTreeSet;

use super::Scan;
use crate::lifetimes::declared::written;
use crate::lifetimes::facts::{Facts, STATIC};
use crate::lifetimes::judge::{Believed, Outlived};
use crate::lifetimes::walk::Scope;

impl Scan<'_> {
    /// Finds parameters that outlive something and have associated types that no bound names. The body may still have
    /// values of those types, and the compiler believes that they outlive as much as the parameter does.
    pub(super) fn unsaid(&mut self, what: &str, facts: &Facts, scope: &Scope, is_opaque: bool) {
        let believed = Believed::new(facts, &scope.declared, &scope.presumed);
        let (all, declared) = (believed.all.closed(), scope.declared.relations().closed());
        let mut found = BTreeSet::new();
        for (of, bound) in &scope.bounded {
            let unsaid = self.definitions.unsaid(bound);
            for outer in &believed.outer {
                let is_hidden = is_opaque && outer == STATIC;
                let each = of.iter().all(|name| all.outlives(name, outer));
                let Some(from) = of.first().filter(|_| each || is_hidden) else {
                    continue;
                };
                let is_written = |last: &String| {
                    let ty = syn::parse_str(&format!("{from}::{last}"));
                    of.len() == 1 && ty.is_ok_and(|ty| declared.outlives(&written(&ty), outer))
                };
                let unsaid = unsaid.iter().filter(|of| !is_written(of));
                found.extend(unsaid.map(|last| Outlived {
                    outer: outer.clone(),
                    from: from.clone(),
                    last: last.clone(),
                }));
            }
        }
        self.outlived(what, found);
    }
}
