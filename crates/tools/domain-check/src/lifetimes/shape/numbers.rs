//! Names of numbers, and `Option`. The checks judge compiled code by the names of its types, so no other type may
//! have one of these names.

use syn::Ident;

use super::Shape;
use super::own::NUMBERS;
use crate::finding::Rule;

impl Shape<'_> {
    /// Judges the name of a type at its definition.
    pub(super) fn names_a_type(&mut self, name: &Ident) {
        if NUMBERS.iter().any(|it| name == it) {
            let what = format!("a type has a number's name, `{name}`: give it another one");
            self.find(Rule::UnsafeCode, what);
        }
        if name == "Option" {
            let what = "a type has the name `Option`, whose arguments are taken for plain: give it another one";
            self.find(Rule::ImpliedBound, what.to_owned());
        }
    }
}
