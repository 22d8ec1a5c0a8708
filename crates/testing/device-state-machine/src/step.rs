//! Steps, from any numbers.

use samara_testkit::rng::Rng;

/// Number of bytes that encode a step.
pub const BYTES: usize = 8;

/// A step. All choices of the step follow from these bytes and from the state of the case before the step.
pub type Word = [u8; BYTES];

/// The source of a step's choices.
pub(crate) struct Numbers(Rng);

impl Numbers {
    pub(crate) fn of(word: Word) -> Self {
        Self(Rng::new(u64::from_le_bytes(word)))
    }

    /// Returns a new source, for an operation inside a step. However many choices that operation makes, the step's
    /// later choices stay the same.
    pub(crate) fn fork(&mut self) -> Self {
        Self::of(self.word())
    }

    pub(crate) fn word(&mut self) -> Word {
        (self.below(1 << 32) as u64 | (self.below(1 << 32) as u64) << 32).to_le_bytes()
    }

    /// Returns the next number below `bound`. `bound` must not be 0.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0.below(bound)
    }

    /// Returns true one time in `times`.
    pub(crate) fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// Returns one of these.
    pub(crate) fn of_these<T: Copy>(&mut self, these: &[T]) -> T {
        these[self.below(these.len())]
    }

    /// Returns 32 bits. Often no bit, every bit or a single bit is set, or the number is small.
    pub(crate) fn bits(&mut self) -> u32 {
        match self.below(8) {
            0 => 0,
            1 => u32::MAX,
            2 | 3 => 1 << self.below(32),
            4 => self.below(16) as u32,
            5 => self.below(1 << 16) as u32,
            _ => self.below(1 << 32) as u32,
        }
    }
}
