//! Bounds that only a result implies.

use std::collections::BTreeSet;

use super::Walk;
use crate::lifetimes::declared::{Declared, is_structure};
use crate::lifetimes::definitions::is_given;
use crate::lifetimes::facts::{Edge, Facts, Name, Projection};
use crate::lifetimes::judge::{Outlived, Relied, undeclared};

impl Walk<'_> {
    /// Returns the bounds that the result implies, unless they are `declared` or proved by the arguments or by the
    /// edges `around`. If the function is used as a value, the compiler relies on these bounds. Nobody has proved
    /// them, because no argument of a type with such a bound came in.
    pub(in crate::lifetimes) fn of_result_alone(
        &self,
        around: &[Edge],
        declared: &Declared,
    ) -> BTreeSet<Relied> {
        let Some((of_result, _)) = self.of_result else {
            return BTreeSet::new();
        };
        let (of_inputs, of_result) = self.facts.edges.split_at(of_result);
        let mut known = declared.clone();
        known.prove(of_inputs.iter().chain(around));
        let alone = Facts {
            edges: of_result.to_vec(),
            ..Facts::default()
        };
        undeclared(&alone, &known)
    }

    /// Returns such bounds of projections to a function's output, an iterator's item or a future's output. A bound of
    /// the parameter proves nothing for such a projection, because a closure may live longer than its results.
    /// Associated types of other traits live as long as the parameter and the arguments of its bound.
    pub(in crate::lifetimes) fn projected_by_result_alone(
        &self,
        declared: &Declared,
    ) -> BTreeSet<Outlived> {
        let Some((_, of_result)) = self.of_result else {
            return BTreeSet::new();
        };
        let (of_inputs, of_result) = self.of_projections.split_at(of_result);
        let mut known = declared.clone();
        known.prove(of_inputs);
        let known = known.relations().closed();
        let written = declared.relations().closed();
        let mut found = BTreeSet::new();
        for edge in of_result {
            let of = self.facts.projections.iter();
            let is_of = |it: &&Projection| it.own == edge.inner && is_given(&it.last);
            let Some(of) = of.rev().find(is_of) else {
                continue;
            };
            let is_written = |from: &&Name| written.outlives(from, &edge.outer);
            // A type that is projected from no parameter needs no bound: the compiler knows it where it is used.
            let mut from = of.from.iter().filter(|it| !is_structure(it));
            let unproved = from.find(|it| !is_written(it));
            let is_known = known.outlives(&edge.inner, &edge.outer);
            if let Some(from) = unproved.filter(|_| !is_known) {
                found.insert(Outlived {
                    outer: edge.outer.clone(),
                    from: from.clone(),
                    last: of.last.clone(),
                });
            }
        }
        found
    }
}
