//! Decodes steps from any bytes.

use crate::area::{AREAS, Kind};
use std::fmt;

/// Number of bytes that encode a step.
pub const BYTES: usize = 4;

/// The operands of a step. Each operand is taken modulo the number of things to choose from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Numbers {
    /// Selects a domain.
    pub(crate) domain: usize,
    /// Selects an object, a proxy or a place.
    pub(crate) which: usize,
    /// Selects a kind, a size or a number of hops.
    pub(crate) how: usize,
}

/// One step.
#[derive(Clone, Copy)]
pub struct Step {
    pub(crate) kind: &'static Kind,
    pub(crate) numbers: Numbers,
}

/// Returns the kind that a number selects.
fn kind(number: usize) -> &'static Kind {
    let kinds = || AREAS.iter().flat_map(|kinds| kinds.iter());
    let mut left = number % kinds().map(|kind| kind.weight).sum::<usize>();
    for kind in kinds() {
        match left.checked_sub(kind.weight) {
            Some(less) => left = less,
            None => return kind,
        }
    }
    unreachable!("the number is below the sum of all weights")
}

impl Step {
    /// Decodes the step that `bytes` encode.
    #[must_use]
    pub fn decode(bytes: [u8; BYTES]) -> Self {
        let [number, domain, which, how] = bytes.map(usize::from);
        let numbers = Numbers { domain, which, how };
        let kind = kind(number);
        Self { kind, numbers }
    }

    /// Returns the name of the step's kind.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.kind.name
    }

    /// Returns the names of all kinds of steps.
    pub fn names() -> impl Iterator<Item = &'static str> {
        AREAS
            .iter()
            .flat_map(|kinds| kinds.iter().map(|kind| kind.name))
    }
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Numbers { domain, which, how } = self.numbers;
        write!(f, "{}({domain}, {which}, {how})", self.kind.name)
    }
}
