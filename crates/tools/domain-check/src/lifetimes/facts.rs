//! Facts about the types in a signature: places of names, and implied bounds between names.

use std::collections::{BTreeMap, BTreeSet};

/// A lifetime with its tick, or a type parameter.
pub(super) type Name = String;

/// The lifetime that outlives all others.
pub(super) const STATIC: &str = "'static";

/// The names inside a type. The value is true if the type certainly contains the name. A projection from `T` need not
/// contain `T`, so there the value is false.
pub(super) type Names = BTreeMap<Name, bool>;

/// The number of a part of a type. Such a part is the lifetime of a reference, the type that a reference leads to, or
/// an argument of a path.
pub(super) type Node = usize;

/// The node of everything outside the signature itself: the types of an impl's header, and the names that a
/// projection hides.
pub(super) const ELSEWHERE: Node = usize::MAX;

/// The node that contains nothing.
pub(super) const NOWHERE: Node = 0;

/// A place where a name occurs.
#[derive(Clone, Debug)]
pub(super) struct Occurrence {
    pub(super) name: Name,
    /// The nodes around it.
    pub(super) nodes: Vec<Node>,
    /// Lifetimes that each value at this place certainly outlives, wherever the value was made.
    pub(super) guards: Vec<Name>,
    /// Whether a value with this name is supplied here: the body may get it, now or later.
    pub(super) supply: bool,
    /// Whether the body may put a value with this name here, because the place can be written to or may be a cell.
    pub(super) demand: bool,
    /// Whether the name is the lifetime of a reference to a type without trait objects and hidden types (`impl
    /// Trait`). Such a type shows everything that it contains.
    pub(super) is_plain: bool,
}

/// Whether a bound may excuse another one, or only accuse.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Standing {
    /// The compiler may infer the bound, so a body may rely on it. The bound may accuse, but not excuse.
    Implied,
    /// The bound was proved where a value of the type was made, because the type is written in full and has one
    /// meaning. The bound may also excuse.
    Proved,
}

/// An implied bound, `inner: outer`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Edge {
    pub(super) outer: Name,
    pub(super) inner: Name,
    /// The node of the outer name in the type that implies the bound. `inner_node` is that of the inner name.
    pub(super) outer_node: Node,
    pub(super) inner_node: Node,
    pub(super) standing: Standing,
}

/// A type that is projected from other types. If these types outlive a lifetime, the compiler takes the projection to
/// outlive it, too. That is false for the result of a closure (rustc issue 84366).
#[derive(Clone, Debug)]
pub(super) struct Projection {
    /// The name by which a written bound refers to it. Inside an alias or a trait that is expanded, it is `None`.
    pub(super) name: Option<Name>,
    /// Its spelling.
    pub(super) own: Name,
    /// Its last segment.
    pub(super) last: String,
    /// The type parameters that it is projected from. If it is written as `<Type as Trait>::Name`, also the spelling
    /// of `Type`.
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
