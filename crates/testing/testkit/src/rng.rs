//! Repeatable random numbers: the seed of a failing run is enough to repeat it.

use crate::pattern;

/// A stream of numbers that depends only on its seed.
#[derive(Clone, Debug)]
pub struct Rng {
    seed: u64,
    next: u64,
}

impl Rng {
    /// Makes the stream of `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { seed, next: 0 }
    }

    /// Returns the next number, which is below `bound`. `bound` must not be 0.
    pub fn below(&mut self, bound: usize) -> usize {
        let word = pattern::word(self.seed, self.next);
        self.next += 1;
        // The remainder's bias is far below what a test could notice.
        (word % bound as u64) as usize
    }
}
