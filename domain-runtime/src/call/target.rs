//! The target of an entry: one generation of a domain in one state.

use crate::control::{self, ControlBlock};
use crate::state::{State, Word};
use samara_shared_heap::Owner;

/// The target of an entry: one generation of a domain in one state.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    block: &'static ControlBlock,
    /// The word in the lower half, and the slot's index above it. With the index here, each lookup by index on the
    /// way in (counter, quota, posted objects) waits for one load less. Both are in one integer, because two fields
    /// with padding would be passed through memory.
    word_and_index: u64,
}

impl Target {
    /// A target for entries that demand exactly `expected` of `block`.
    #[inline]
    #[must_use]
    pub const fn new(block: &'static ControlBlock, expected: Word) -> Self {
        Self::of(block, block.index(), expected)
    }

    /// [`new`](Self::new) for a block whose index is known.
    #[inline]
    pub(crate) const fn of(block: &'static ControlBlock, index: u8, expected: Word) -> Self {
        Self {
            block,
            word_and_index: (index as u64) << 32 | expected.0 as u64,
        }
    }

    /// The control block.
    #[inline]
    #[must_use]
    pub const fn block(&self) -> &'static ControlBlock {
        self.block
    }

    /// The owner whose slot this is. Takes no load.
    #[inline]
    #[must_use]
    pub const fn owner(&self) -> Owner {
        control::owner(self.index())
    }

    /// The index of that slot.
    #[inline]
    pub(crate) const fn index(&self) -> u8 {
        (self.word_and_index >> 32) as u8
    }

    /// The demanded generation and state.
    #[inline]
    #[must_use]
    pub const fn expected(&self) -> Word {
        Word(self.word_and_index as u32)
    }

    /// Whether the generation is dead. A generation that drains is not: it still runs to its end. The host never
    /// dies.
    pub(crate) fn is_dead(&self) -> bool {
        let word = self.block.word();
        let has_ended = matches!(
            word.state(),
            State::Stopping | State::Reclaiming | State::Free | State::Retired
        );
        !self.owner().is_host() && (has_ended || word.generation() != self.expected().generation())
    }

    /// Whether both are of the same generation.
    #[cfg(any(feature = "alloc", all(feature = "contain", target_arch = "x86_64")))]
    pub(crate) fn is_generation_of(&self, other: &Self) -> bool {
        core::ptr::eq(self.block, other.block)
            && self.expected().generation() == other.expected().generation()
    }

    /// Whether the generation has been reclaimed: nothing is left of it, and its slot may have another generation.
    #[cfg(feature = "alloc")]
    pub(crate) fn is_reclaimed(&self) -> bool {
        let word = self.block.word();
        word.generation() != self.expected().generation() || word.state() == State::Retired
    }

    /// Whether the generation is being reclaimed: no thread is inside any more.
    #[cfg(feature = "alloc")]
    pub(crate) fn is_being_reclaimed(&self) -> bool {
        let word = self.block.word();
        word.generation() == self.expected().generation() && word.state() == State::Reclaiming
    }

    /// Whether both are the same state of the same generation.
    #[cfg(feature = "alloc")]
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.expected() == other.expected() && core::ptr::eq(self.block, other.block)
    }
}
