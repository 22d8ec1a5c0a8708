//! Decides whether a signature can use a bound that is only implied.

use std::collections::BTreeSet;

use super::declared::{Declared, is_structure};
use super::facts::{ELSEWHERE, Edge, Facts, Name, Node, Occurrence, STATIC};
use super::relations::{Closed, Relations};

/// A bound that is implied and might be used: `inner: outer`.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Relied {
    pub(super) outer: Name,
    pub(super) inner: Name,
}

/// Returns every bound in `facts` that is not `declared` and might be used.
pub(super) fn judge(facts: &Facts, declared: &Declared) -> BTreeSet<Relied> {
    let all = all(facts, declared);
    let (all, closed) = (all.closed(), declared.relations().closed());
    let mut found = missing(facts, declared, &all, &closed);
    found.retain(|bound| is_used(bound, facts, &all, &closed));
    found
}

/// Returns every bound in `facts` that is not `declared`.
pub(super) fn undeclared(facts: &Facts, declared: &Declared) -> BTreeSet<Relied> {
    let all = all(facts, declared);
    missing(
        facts,
        declared,
        &all.closed(),
        &declared.relations().closed(),
    )
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
        .chain(written.relations().pairs().map(|it| &it.0))
        .collect();
    let inner: BTreeSet<_> = facts.edges.iter().map(|edge| &edge.inner).collect();
    let inner: BTreeSet<_> = inner
        .into_iter()
        .chain(written.relations().pairs().map(|it| &it.1))
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

/// A bound of a projection (`T::Out: 'a`). The compiler takes it to follow from the same bound of the types that the
/// projection is from (`T: 'a`).
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Outlived {
    pub(super) outer: Name,
    pub(super) from: Name,
    pub(super) last: String,
}

/// Returns every such bound that is not `declared`. `presumed` has more bounds that may hold. If the result hides its
/// type (`is_opaque`), the compiler takes the result to outlive everything that the parameters outlive, which may be
/// every lifetime. Then each projection from a parameter needs a declared bound by `'static`.
pub(super) fn outlived(
    facts: &Facts,
    declared: &Declared,
    presumed: &Relations,
    is_opaque: bool,
) -> BTreeSet<Outlived> {
    let believed = Believed::new(facts, declared, presumed);
    let (all, closed) = (believed.all.closed(), declared.relations().closed());
    let mut found = BTreeSet::new();
    for it in &facts.projections {
        for outer in &believed.outer {
            let is_written = |name: &Name| closed.outlives(name, outer);
            // A type that is projected from no parameter is not hidden: the compiler knows it where it is used.
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

/// The bounds that a function's body assumes about the function's parameters, and may use.
pub(super) struct Believed {
    /// All names that some name outlives, and `'static`.
    pub(super) outer: BTreeSet<Name>,
    pub(super) all: Relations,
}

impl Believed {
    pub(super) fn new(facts: &Facts, declared: &Declared, presumed: &Relations) -> Self {
        let mut written = declared.relations().clone();
        written.append(presumed);
        let followed = with_edges(facts, &written);
        let followed = followed.closed();
        let mut all = written;
        for edge in &facts.edges {
            if hides(edge, facts, &followed) {
                all.add(edge.outer.clone(), edge.inner.clone());
            }
        }
        let outer = all.pairs().map(|it| it.0.clone());
        let outer = outer.chain([STATIC.to_owned()]).collect();
        Believed { outer, all }
    }
}

/// Whether a type may hide that it contains the edge's inner name. A type may hide it if the outer lifetime, or a
/// lifetime that the outer one outlives, occurs at a place like that of `'a` in `Box<dyn Trait + 'a>`. A reference to
/// a type that shows all its contents (`is_plain`) hides nothing.
fn hides(edge: &Edge, facts: &Facts, all: &Closed<'_>) -> bool {
    let is_place = |it: &Occurrence| {
        !it.is_plain
            && all.outlives(&edge.outer, &it.name)
            && (it.name != edge.outer || is_wanted(it, edge.outer_node))
    };
    edge.outer == STATIC || facts.occurrences.iter().any(is_place)
}

pub(super) fn all(facts: &Facts, declared: &Declared) -> Relations {
    with_edges(facts, declared.relations())
}

fn with_edges(facts: &Facts, relations: &Relations) -> Relations {
    let mut all = relations.clone();
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
    // The edges with which a derivation of the bound may begin, and those with which it may end.
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
            named(outer).any(|it| is_wanted(it, node))
        });
    let supplied = anywhere_but(last.map(|edge: &Edge| edge.inner_node), |node| {
        named(inner).any(|it| it.supply && is_outside(it, node) && !guarded(it))
    });
    wanted && supplied
}

/// Whether the body can pass a value on through this place because of the bound that `node` implies. If the place
/// lies inside `node`, it must be a place where values can be put (`demand`).
fn is_wanted(occurrence: &Occurrence, node: Node) -> bool {
    occurrence.demand || is_outside(occurrence, node)
}

/// Whether `found` holds for one of these nodes, or for `ELSEWHERE` if there are none.
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
