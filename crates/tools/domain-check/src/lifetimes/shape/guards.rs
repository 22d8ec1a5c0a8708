//! Guards of matches, and indexes. Before a guard runs, the compiled code has read the matched value. Before an index
//! is computed, the compiled code may have reached the indexed place, and checked bounds on the way. Afterwards the
//! compiled code relies on these results.

use syn::{ExprIndex, ExprMatch};

use super::Shape;
use super::looks::Looks;
use crate::finding::Rule;

impl Shape<'_> {
    /// Judges the guards of a match.
    pub(super) fn guards(&mut self, expression: &ExprMatch) {
        let mut looks = Looks::at_matched(&expression.expr, self.own);
        let arms = expression.arms.iter();
        let problems: Vec<_> = arms.filter_map(|arm| looks.guard(arm).err()).collect();
        for problem in problems {
            let what = format!(
                "a match guard {problem}, which can change the matched value: compute the condition before the \
                 match, or in an `if` behind the arrow"
            );
            self.find(Rule::UnsafeCode, what);
        }
    }

    /// Judges an index.
    pub(super) fn index(&mut self, expression: &ExprIndex) {
        let mut looks = Looks::at_indexed(&expression.expr, self.own);
        if let Err(problem) = looks.index(&expression.index) {
            let what = format!(
                "an index {problem}, which can change the indexed value: compute the index before, in a `let`"
            );
            self.find(Rule::UnsafeCode, what);
        }
    }
}
