//! Facts about the types in a signature: places of names, and implied bounds between names.

use std::collections::{BTreeMap, BTreeSet};

/// A lifetime with its tick, or a type parameter.
pub(super) type Name = String;

/// The lifetime that outlives all others.
pub(super) const STATIC: &str = "'static";

/// The names inside a type. The value says whether the type certainly contains the name, because a projection from a
/// name need not contain it.
pub(super) type Names = BTreeMap<Name, bool>;

/// A part of a type: the lifetime of a reference, the type that the reference leads to, an argument of a path.
pub(super) type Node = usize;

/// The node of everything outside the signature itself: an impl's header, or what a projection hides.
pub(super) const ELSEWHERE: Node = usize::MAX;

/// The node that contains nothing.
pub(super) const NOWHERE: Node = 0;

/// A place where a name occurs.
#[derive(Clone, Debug)]
pub(super) struct Occurrence {
    pub(super) name: Name,
    /// The nodes around it.
    pub(super) nodes: Vec<Node>,
    /// Lifetimes that everything in this place certainly outlives, wherever it was made.
    pub(super) guards: Vec<Name>,
    /// Whether a value with this name may come in here, now or later.
    pub(super) supply: bool,
    /// Whether a value with this name may be put here: the place may be a cell.
    pub(super) demand: bool,
    /// Whether it is the lifetime of a reference to a type without trait objects: such a type shows everything that
    /// it contains.
    pub(super) is_plain: bool,
}

/// Whether a bound may excuse, or only accuse.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Standing {
    /// The compiler may infer the bound, so a body may rely on it. It accuses.
    Implied,
    /// Making a value of the type has proved the bound, because the type is written there in full, and with one
    /// meaning. It may excuse.
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

/// A type that is projected from others. The compiler takes its outlives bounds to follow from theirs, which does not
/// hold for the result of a closure (rustc issue 84366).
#[derive(Clone, Debug)]
pub(super) struct Projection {
    /// Its name in a written bound; none if it occurs in another name's definition.
    pub(super) name: Option<Name>,
    /// Its spelling.
    pub(super) own: Name,
    /// Its last segment.
    pub(super) last: String,
    /// The type parameters that it is projected from, and types made of them.
    pub(super) from: BTreeSet<Name>,
}

/// All facts.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    pub(super) occurrences: Vec<Occurrence>,
    pub(super) edges: Vec<Edge>,
    pub(super) projections: Vec<Projection>,
}

impl Facts {
    /// Adds the facts of `other`.
    pub(super) fn append(&mut self, other: &Facts) {
        self.occurrences.extend(other.occurrences.iter().cloned());
        self.edges.extend(other.edges.iter().cloned());
        self.projections.extend(other.projections.iter().cloned());
    }
}
