//! Repeatable random numbers: a failing run is named by its seed.

use crate::pattern;

/// A stream of numbers that depends on its seed alone.
#[derive(Clone, Debug)]
pub struct Rng {
    seed: u64,
    next: u64,
}

impl Rng {
    /// The stream of `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { seed, next: 0 }
    }

    /// The next number below `bound`, which is not 0.
    pub fn below(&mut self, bound: usize) -> usize {
        let word = pattern::word(self.seed, self.next);
        self.next += 1;
        // The remainder's bias is far below what a test could notice.
        (word % bound as u64) as usize
    }
}
