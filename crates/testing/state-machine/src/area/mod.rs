//! The areas. Each has the steps of one concept, the domain's code for them, and the result that the reference model
//! expects.

pub(crate) mod authority;
pub(crate) mod chains;
pub(crate) mod deep;
pub(crate) mod endless;
pub(crate) mod exports;
pub(crate) mod forgotten;
pub(crate) mod laggards;
pub(crate) mod life;
pub(crate) mod names;
pub(crate) mod neighbours;
pub(crate) mod objects;
pub(crate) mod opened;
pub(crate) mod proxies;
pub(crate) mod quotas;
pub(crate) mod scarce;
pub(crate) mod shadows;
pub(crate) mod sizes;
pub(crate) mod sleepers;
pub(crate) mod specs;
pub(crate) mod supervisors;
pub(crate) mod threads;
pub(crate) mod values;
pub(crate) mod waits;

use crate::runner::Machine;
use crate::step::Numbers;

/// A kind of step. Every kind is possible in every state.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    /// The number of values that select this kind, out of the sum of all weights. A step's first byte, modulo that
    /// sum, is the value.
    pub(crate) weight: usize,
    pub(crate) take: fn(&mut Machine, Numbers),
}

const fn kind(name: &'static str, weight: usize, take: fn(&mut Machine, Numbers)) -> Kind {
    Kind { name, weight, take }
}

/// All kinds, by area, the simple ones first.
pub(crate) const AREAS: [&[Kind]; 22] = [
    objects::KINDS,
    proxies::KINDS,
    life::KINDS,
    chains::KINDS,
    exports::KINDS,
    quotas::KINDS,
    shadows::KINDS,
    opened::KINDS,
    threads::KINDS,
    authority::KINDS,
    names::KINDS,
    supervisors::KINDS,
    forgotten::KINDS,
    values::KINDS,
    sizes::KINDS,
    deep::KINDS,
    endless::KINDS,
    scarce::KINDS,
    specs::KINDS,
    laggards::KINDS,
    neighbours::KINDS,
    waits::KINDS,
];
