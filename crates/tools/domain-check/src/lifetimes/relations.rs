//! Relations between names, from any source. A relation says that one name outlives another.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::{Name, STATIC};

/// Pairs of outer and inner names. Some pairs are only assumed, to be on the safe side, so these relations may accuse
/// but not excuse. For excuses there is [`Declared`](super::declared::Declared).
#[derive(Clone, Debug, Default)]
pub(super) struct Relations {
    pairs: BTreeSet<(Name, Name)>,
}

impl Relations {
    /// Adds `inner: outer`.
    pub(super) fn add(&mut self, outer: Name, inner: Name) {
        self.pairs.insert((outer, inner));
    }

    /// Adds the relations of `other`.
    pub(super) fn append(&mut self, other: &Relations) {
        self.pairs.extend(other.pairs.iter().cloned());
    }

    pub(super) fn pairs(&self) -> impl Iterator<Item = &(Name, Name)> {
        self.pairs.iter()
    }

    /// Returns the transitive closure of all pairs.
    pub(super) fn closed(&self) -> Closed<'_> {
        let inner: BTreeSet<_> = self.pairs.iter().map(|(_, inner)| inner.as_str()).collect();
        let each = inner.into_iter().map(|it| (it, self.outlived(it)));
        Closed {
            outlived: each.collect(),
        }
    }

    /// Returns the names that `inner` outlives, including itself.
    fn outlived<'a>(&'a self, inner: &'a str) -> BTreeSet<&'a str> {
        let mut known = BTreeSet::from([inner]);
        let mut new = vec![inner];
        while let Some(name) = new.pop() {
            for (of, by) in &self.pairs {
                if by == name && known.insert(of) {
                    new.push(of);
                }
            }
        }
        known
    }
}

/// The transitive closure: for each name, the names that it outlives.
#[derive(Debug)]
pub(super) struct Closed<'a> {
    outlived: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

impl Closed<'_> {
    /// Whether `inner: outer` follows from the pairs.
    pub(super) fn outlives(&self, inner: &str, outer: &str) -> bool {
        let found = self.outlived.get(inner);
        inner == outer
            || inner == STATIC
            || found.is_some_and(|it| it.contains(outer) || it.contains(STATIC))
    }
}
