//! Names that the check gives to elided lifetimes.

use syn::LifetimeParam;

use super::Shape;
use crate::finding::Rule;

impl Shape<'_> {
    /// Refuses the declaration of a lifetime whose name begins with an underscore, because the check gives such names
    /// to elided lifetimes.
    pub(super) fn names_a_lifetime(&mut self, parameter: &LifetimeParam) {
        let name = parameter.lifetime.ident.to_string();
        if name.trim_start_matches("r#").starts_with('_') {
            let what = format!(
                "the lifetime '{name} has a name that the check may give to an elided one: leave out the underscore"
            );
            self.find(Rule::ImpliedBound, what);
        }
    }
}
