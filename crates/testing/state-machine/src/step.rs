//! Steps, from any bytes.

use crate::area::{AREAS, Kind};
use std::fmt;

/// Bytes that make a step.
pub const BYTES: usize = 4;

/// What a step is about. The numbers are taken modulo what there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Numbers {
    /// The domain it is about.
    pub(crate) domain: usize,
    /// The object, proxy or place it is about.
    pub(crate) which: usize,
    /// A kind, a size, a number of hops.
    pub(crate) how: usize,
}

/// One step.
#[derive(Clone, Copy)]
pub struct Step {
    pub(crate) kind: &'static Kind,
    pub(crate) numbers: Numbers,
}

/// The kind that a number stands for.
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
    /// The step that `bytes` stand for.
    #[must_use]
    pub fn decode(bytes: [u8; BYTES]) -> Self {
        let [number, domain, which, how] = bytes.map(usize::from);
        let numbers = Numbers { domain, which, how };
        let kind = kind(number);
        Self { kind, numbers }
    }

    /// What it does.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.kind.name
    }

    /// The names of all kinds of steps.
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
