//! Whether a signature can make use of a bound that is only implied.

use std::collections::BTreeSet;

use super::declared::{Closed, Declared, is_structure};
use super::facts::{ELSEWHERE, Edge, Facts, Name, Node, Occurrence, STATIC};

/// A bound that is implied and might be used: `inner: outer`.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Relied {
    pub(super) outer: Name,
    pub(super) inner: Name,
}

/// Every bound in `facts` that is not `declared` and might be used.
pub(super) fn judge(facts: &Facts, declared: &Declared) -> BTreeSet<Relied> {
    let all = all(facts, declared);
    let (all, closed) = (all.closed(), declared.closed());
    let mut found = missing(facts, declared, &all, &closed);
    found.retain(|bound| is_used(bound, facts, &all, &closed));
    found
}

/// Every bound in `facts` that is not `declared`.
pub(super) fn undeclared(facts: &Facts, declared: &Declared) -> BTreeSet<Relied> {
    let all = all(facts, declared);
    missing(facts, declared, &all.closed(), &declared.closed())
}

fn missing(
    facts: &Facts,
    written: &Declared,
    all: &Closed<'_>,
    declared: &Closed<'_>,
) -> BTreeSet<Relied> {
    let outer: BTreeSet<_> = facts.edges.iter().map(|edge| &edge.outer).collect();
    let outer: BTreeSet<_> = outer
        .into_iter()
        .chain(written.pairs().map(|it| &it.0))
        .collect();
    let inner: BTreeSet<_> = facts.edges.iter().map(|edge| &edge.inner).collect();
    let inner: BTreeSet<_> = inner
        .into_iter()
        .chain(written.pairs().map(|it| &it.1))
        .collect();
    let mut found = BTreeSet::new();
    for outer in outer {
        for inner in &inner {
            if all.outlives(inner, outer) && !declared.outlives(inner, outer) {
                found.insert(Relied {
                    outer: outer.clone(),
                    inner: (*inner).clone(),
                });
            }
        }
    }
    found
}

/// A bound of a projection that is taken to follow from one of what it is projected from.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Outlived {
    pub(super) outer: Name,
    pub(super) from: Name,
    pub(super) last: String,
}

/// Every such bound that is not `declared` and might be used. `presumed` has more bounds that may hold; a
/// result that hides its type outlives what the parameters do, and so perhaps everything.
pub(super) fn outlived(
    facts: &Facts,
    declared: &Declared,
    presumed: &Declared,
    is_opaque: bool,
) -> BTreeSet<Outlived> {
    let mut all = declared.clone();
    all.append(presumed);
    let (all, closed) = (all.closed(), declared.closed());
    let outer = declared.pairs().chain(presumed.pairs()).map(|it| &it.0);
    let fixed = STATIC.to_owned();
    let outer: BTreeSet<_> = outer.chain([&fixed]).collect();
    let mut found = BTreeSet::new();
    for it in facts.projections.iter().filter(|it| it.supply) {
        for &outer in &outer {
            let is_written = |name: &Name| closed.outlives(name, outer);
            // A type that is projected from no parameter is known where it is used.
            let is_hidden = |from: &Name| is_opaque && outer == STATIC && !is_structure(from);
            let from = it
                .from
                .iter()
                .find(|from| all.outlives(from, outer) || is_hidden(from));
            if let Some(from) = from
                && !it.name.as_ref().is_some_and(is_written)
            {
                found.insert(Outlived {
                    outer: outer.clone(),
                    from: from.clone(),
                    last: it.last.clone(),
                });
            }
        }
    }
    found
}

fn all(facts: &Facts, declared: &Declared) -> Declared {
    let mut all = declared.clone();
    for edge in &facts.edges {
        all.add(edge.outer.clone(), edge.inner.clone());
    }
    all
}

fn is_used(bound: &Relied, facts: &Facts, all: &Closed<'_>, declared: &Closed<'_>) -> bool {
    let Relied { outer, inner } = bound;
    let named = |name: &Name| {
        let name = name.clone();
        facts.occurrences.iter().filter(move |it| it.name == name)
    };
    // The first and the last step of how the bound is implied.
    let first = facts
        .edges
        .iter()
        .filter(|edge| edge.outer == *outer && all.outlives(inner, &edge.inner));
    let last = facts
        .edges
        .iter()
        .filter(|edge| edge.inner == *inner && all.outlives(&edge.outer, outer));
    let guarded = |it: &Occurrence| {
        it.guards
            .iter()
            .any(|guard| declared.outlives(guard, outer))
    };
    let wanted = outer == STATIC
        || anywhere_but(first.map(|edge: &Edge| edge.outer_node), |node| {
            named(outer).any(|it| is_outside(it, node))
        });
    let supplied = anywhere_but(last.map(|edge: &Edge| edge.inner_node), |node| {
        named(inner).any(|it| it.supply && is_outside(it, node) && !guarded(it))
    });
    wanted && supplied
}

/// Whether `found` for one of these nodes, or without any if there is none.
fn anywhere_but(nodes: impl Iterator<Item = Node>, found: impl Fn(Node) -> bool) -> bool {
    let mut nodes = nodes.peekable();
    match nodes.peek() {
        None => found(ELSEWHERE),
        Some(_) => nodes.any(found),
    }
}

fn is_outside(occurrence: &Occurrence, node: Node) -> bool {
    !occurrence.nodes.contains(&node)
}
