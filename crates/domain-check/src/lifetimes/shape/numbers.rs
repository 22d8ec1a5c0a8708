//! Names of numbers. What is compiled is judged by the names of its types, so a number's is a number's.

use syn::Ident;

use super::Shape;
use super::own::NUMBERS;
use crate::finding::Rule;

impl Shape<'_> {
    /// Judges a name that a type is given.
    pub(super) fn names_a_type(&mut self, name: &Ident) {
        if NUMBERS.iter().any(|it| name == it) {
            let what = format!("a type has a number's name, `{name}`: give it another one");
            self.find(Rule::UnsafeCode, what);
        }
    }
}
