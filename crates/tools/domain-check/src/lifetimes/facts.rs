//! Facts of the types in a signature: places of names, and implied bounds between names.

use std::collections::{BTreeMap, BTreeSet};

/// A lifetime with its tick, or a type parameter.
pub(super) type Name = String;

/// The lifetime that outlives all others.
pub(super) const STATIC: &str = "'static";

/// Names that a type has inside, and whether the type itself stands or falls with each of them: what is
/// projected from a name may not have it.
pub(super) type Names = BTreeMap<Name, bool>;

/// A part of a type: the lifetime of a reference, what that leads to, an argument of a path.
pub(super) type Node = usize;

/// The node of what stands nowhere in the signature itself: an impl's header, or what a projection hides.
pub(super) const ELSEWHERE: Node = usize::MAX;

/// The node that nothing stands in.
pub(super) const NOWHERE: Node = 0;

/// A place where a name stands.
#[derive(Clone, Debug)]
pub(super) struct Occurrence {
    pub(super) name: Name,
    /// The nodes around it.
    pub(super) nodes: Vec<Node>,
    /// Lifetimes that what stands here outlives, whoever made it.
    pub(super) guards: Vec<Name>,
    /// Whether a value of it may come in here, now or later.
    pub(super) supply: bool,
    /// Whether a value of it may be put here: the place may be a cell.
    pub(super) demand: bool,
    /// Whether it is the lifetime of a reference to what no trait object is in: a type that shows all that it
    /// has inside.
    pub(super) is_plain: bool,
}

/// Whether a bound may excuse, or only accuse.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Standing {
    /// The compiler may infer it, so a body may rely on it. It accuses.
    Implied,
    /// Making a value of the type has proved it, too: the type stands there in full, and with one meaning. It may excuse.
    Proved,
}

/// An implied bound, `inner: outer`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Edge {
    pub(super) outer: Name,
    pub(super) inner: Name,
    /// Its source: the place of the outer name, and that of the inner one.
    pub(super) outer_node: Node,
    pub(super) inner_node: Node,
    pub(super) standing: Standing,
}

/// A type that is projected from others. What it outlives is taken to follow from what those do, which the
/// result of a closure does not keep (rustc's issue 84366).
#[derive(Clone, Debug)]
pub(super) struct Projection {
    /// Its name in a written bound; none if it stands in another name's definition.
    pub(super) name: Option<Name>,
    /// As it is written.
    pub(super) own: Name,
    /// Its last segment.
    pub(super) last: String,
    /// The type parameters that it is projected from, and types of those.
    pub(super) from: BTreeSet<Name>,
}

/// All that is known.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    pub(super) occurrences: Vec<Occurrence>,
    pub(super) edges: Vec<Edge>,
    pub(super) projections: Vec<Projection>,
}

impl Facts {
    /// Adds what another knows.
    pub(super) fn append(&mut self, other: &Facts) {
        self.occurrences.extend(other.occurrences.iter().cloned());
        self.edges.extend(other.edges.iter().cloned());
        self.projections.extend(other.projections.iter().cloned());
    }
}
