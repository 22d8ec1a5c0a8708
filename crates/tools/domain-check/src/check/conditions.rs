//! Finds the `cfg` conditions that have different values in the linked build and in the expansion that the checks
//! read.
//!
//! Code can be expanded only if unstable options are allowed, and then the compiler sets more conditions about the
//! target. If a domain depended on such a condition, the checks would read other code than was compiled. So a domain
//! may not name a condition whose two values differ.

use std::collections::{BTreeSet, HashSet};

use super::expand::{self, Reader, Run};
use crate::build::Invocation;

/// The conditions that are set in a recorded call, and those that are set when the checks expand its code.
pub(super) struct Conditions {
    linked: String,
    expanded: String,
}

impl Conditions {
    pub(super) fn of(invocation: &Invocation, run: &Run<'_>) -> Result<Self, String> {
        let [linked, expanded] = Reader::BOTH.map(|reader| {
            let arguments = ["--print".to_owned(), "cfg".to_owned()];
            expand::told(invocation, &arguments, reader, run)
        });
        Ok(Conditions {
            linked: linked?,
            expanded: expanded?,
        })
    }

    /// Returns the names of the conditions on which the build and its expansion differ.
    pub(super) fn differing(&self) -> BTreeSet<String> {
        names_apart(&self.linked, &self.expanded)
    }

    /// Whether the build and its expansion have the same MIR. This is compared because a macro of another crate may
    /// use a condition that the domain itself may not name.
    pub(super) fn make_the_same(
        &self,
        invocation: &Invocation,
        run: &Run<'_>,
    ) -> Result<bool, String> {
        let arguments = ["--emit=mir=-".to_owned()];
        let [linked, expanded] =
            Reader::BOTH.map(|reader| self.unoptimised(invocation, &arguments, reader, run));
        Ok(linked? == expanded?)
    }

    /// Returns the call's output for the same code without optimisation. Optimising takes long, and optimised output
    /// would show nothing more. The level of optimisation would also change the condition `debug_assertions`, so this
    /// function sets the condition to its value in the build.
    pub(super) fn unoptimised(
        &self,
        invocation: &Invocation,
        arguments: &[String],
        reader: Reader,
        run: &Run<'_>,
    ) -> Result<String, String> {
        let debug = self.linked.lines().any(|it| it == "debug_assertions");
        let level = [
            "-Copt-level=0".to_owned(),
            format!("-Cdebug-assertions={debug}"),
        ];
        expand::told(invocation, &[&level, arguments].concat(), reader, run)
    }
}

fn names_apart(linked: &str, expanded: &str) -> BTreeSet<String> {
    let linked: HashSet<_> = linked.lines().collect();
    let expanded: HashSet<_> = expanded.lines().collect();
    let apart = linked.symmetric_difference(&expanded);
    let name = |condition: &&str| condition.split('=').next().unwrap_or(condition).to_owned();
    apart.map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::names_apart;

    /// Invariant: CHECK-2
    #[test]
    fn conditions_of_one_side_only_are_named() {
        let linked = "unix\npanic=\"unwind\"\ntarget_feature=\"sse\"\nonly_here\n";
        let expanded = "unix\npanic=\"abort\"\ntarget_feature=\"sse\"\ntarget_feature=\"x87\"\n";
        let names: Vec<_> = names_apart(linked, expanded).into_iter().collect();
        assert_eq!(names, ["only_here", "panic", "target_feature"]);
        assert!(names_apart(linked, linked).is_empty());
    }
}
