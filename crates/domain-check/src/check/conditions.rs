//! Conditions that do not hold alike in the linked build and where the checks expand it.
//!
//! Only who may use unstable code can have code expanded, and to him the compiler tells more of the target. What a
//! domain says of such a condition would be looked at under another one than it was compiled under, so it says
//! nothing of them.

use std::collections::{BTreeSet, HashSet};

use super::expand::{self, Run};
use crate::build::Invocation;

/// Names of conditions whose values `invocation` and its expansion do not agree on.
pub(super) fn differing(
    invocation: &Invocation,
    run: &Run<'_>,
) -> Result<BTreeSet<String>, String> {
    let linked = expand::conditions(invocation, run)?;
    let expanded = expand::conditions_expanded(invocation, run)?;
    Ok(names_apart(&linked, &expanded))
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

    #[test]
    fn conditions_of_one_side_only_are_named() {
        let linked = "unix\npanic=\"unwind\"\ntarget_feature=\"sse\"\nonly_here\n";
        let expanded = "unix\npanic=\"abort\"\ntarget_feature=\"sse\"\ntarget_feature=\"x87\"\n";
        let names: Vec<_> = names_apart(linked, expanded).into_iter().collect();
        assert_eq!(names, ["only_here", "panic", "target_feature"]);
        assert!(names_apart(linked, linked).is_empty());
    }
}
