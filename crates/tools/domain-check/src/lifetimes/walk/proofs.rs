//! Where a type proves the bounds that it implies.
//!
//! The compiler, and so every body, relies on what the types of a signature imply. The caller has proved these bounds
//! only for a type that is written in full. It has not proved them for a type inside a projection, because the
//! projection may be another type altogether. It has not proved them under a binder, because the compiler skips types
//! that contain a bound lifetime. It has not proved them for a name that may mean several types. And it has not
//! proved them for a turned lifetime, because in a function's arguments a value passes that was made with a shorter
//! lifetime.

use std::collections::BTreeSet;

use super::Walk;
use crate::lifetimes::declared::is_structure;
use crate::lifetimes::facts::{Edge, Name, Names, Node, STATIC, Standing};

impl Walk<'_> {
    /// Walks types. Unless `is_proving`, nothing in these types counts as proved.
    pub(super) fn proving(
        &mut self,
        is_proving: bool,
        walk: impl FnOnce(&mut Self) -> Names,
    ) -> Names {
        self.unproved += u32::from(!is_proving);
        let mut names = walk(self);
        self.unproved -= u32::from(!is_proving);
        if !is_proving {
            names.values_mut().for_each(|whole| *whole = false);
        }
        names
    }

    /// Walks types in which a binder binds these lifetimes. If there are any, nothing in the types is proved.
    pub(super) fn binding(
        &mut self,
        bound: BTreeSet<Name>,
        walk: impl FnOnce(&mut Self) -> Names,
    ) -> Names {
        let is_proving = bound.is_empty();
        self.binders.push(bound);
        let names = self.proving(is_proving, walk);
        self.binders.pop();
        names
    }

    /// Walks types. `is_turned` says that they are in a function's arguments.
    pub(super) fn turned<R>(&mut self, is_turned: bool, walk: impl FnOnce(&mut Self) -> R) -> R {
        self.turned += u32::from(is_turned);
        let result = walk(self);
        self.turned -= u32::from(is_turned);
        result
    }

    /// Whether the lifetime is kept: each value at this place was made with this lifetime, or with a longer one.
    /// Arguments of a function type are contravariant: a value with a shorter lifetime is accepted there, so nothing
    /// proves that its type outlives the longer lifetime.
    pub(super) fn is_kept(&self, lifetime: &Name) -> bool {
        let is_bound = || self.binders.iter().any(|it| it.contains(lifetime));
        self.turned == 0 || lifetime == STATIC || is_bound()
    }

    /// Adds the implied bounds between `outer` and `inner`, which are names with their nodes.
    pub(super) fn imply(
        &mut self,
        outer: (&Name, Node),
        inner: (&Names, Node),
        standing: Standing,
    ) {
        let (outer, outer_node) = outer;
        let (inner, inner_node) = inner;
        let is_kept = self.is_kept(outer);
        for (name, &whole) in inner {
            if name == outer || name == STATIC {
                continue;
            }
            let is_proved = standing == Standing::Proved && whole && is_kept && self.unproved == 0;
            let edges = match is_structure(name) {
                true => &mut self.of_projections,
                false => &mut self.facts.edges,
            };
            edges.push(Edge {
                outer: outer.clone(),
                inner: name.clone(),
                outer_node,
                inner_node,
                standing: match is_proved {
                    true => Standing::Proved,
                    false => Standing::Implied,
                },
            });
        }
    }

    /// Adds the lifetime to the guards, if it is proved that everything at this place outlives the lifetime. Returns
    /// the number of guards before that.
    pub(super) fn behind(&mut self, lifetime: Name) -> usize {
        let before = self.guards.len();
        if self.unproved == 0 && self.is_kept(&lifetime) {
            self.guards.push(lifetime);
        }
        before
    }
}
