//! The life of a domain slot: pure transitions on one word, no atomics.
//!
//! `Free → Starting → Running → Draining | Stopping → Reclaiming → Free` with the next generation;
//! a slot whose generation would wrap is retired.

/// Where a domain slot is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum State {
    /// No domain.
    Free = 0,
    /// `init` runs.
    Starting = 1,
    /// Calls enter.
    Running = 2,
    /// Orderly stop: no call enters, and those inside go on.
    Draining = 3,
    /// Dead: no call enters, and those inside are on their way out.
    Stopping = 4,
    /// No call is inside; the reaper releases everything that the domain had.
    Reclaiming = 5,
    /// The slot has had its last generation.
    Retired = 6,
}

const STATE_BITS: u32 = 3;
const LAST_GENERATION: u32 = u32::MAX >> STATE_BITS;

/// Generation and state of a slot in one word, so that one compare checks both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word(pub u32);

impl Word {
    /// The word of a slot that was never used.
    pub const FIRST: Self = Self::new(0, State::Free);

    /// The word for `generation` in `state`.
    #[must_use]
    pub const fn new(generation: u32, state: State) -> Self {
        Self(generation << STATE_BITS | state as u32)
    }

    /// How often the slot was used before.
    #[must_use]
    pub const fn generation(self) -> u32 {
        self.0 >> STATE_BITS
    }

    /// Where the slot is in its life.
    #[must_use]
    pub const fn state(self) -> State {
        match self.0 & ((1 << STATE_BITS) - 1) {
            0 => State::Free,
            1 => State::Starting,
            2 => State::Running,
            3 => State::Draining,
            4 => State::Stopping,
            5 => State::Reclaiming,
            _ => State::Retired,
        }
    }

    /// Returns the word for the same generation in `state`, if a slot may take that step.
    #[must_use]
    pub const fn step(self, to: State) -> Option<Self> {
        let allowed = matches!(
            (self.state(), to),
            (State::Free, State::Starting)
                | (State::Starting, State::Running | State::Stopping)
                | (State::Running, State::Draining | State::Stopping)
                | (State::Draining, State::Stopping)
                | (State::Stopping, State::Reclaiming)
        );
        if allowed {
            Some(Self::new(self.generation(), to))
        } else {
            None
        }
    }

    /// The word after a reclaim: free with the next generation, or retired.
    #[must_use]
    pub const fn reclaimed(self) -> Option<Self> {
        match self.state() {
            State::Reclaiming if self.generation() < LAST_GENERATION => {
                Some(Self::new(self.generation() + 1, State::Free))
            }
            State::Reclaiming => Some(Self::new(self.generation(), State::Retired)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [State; 7] = [
        State::Free,
        State::Starting,
        State::Running,
        State::Draining,
        State::Stopping,
        State::Reclaiming,
        State::Retired,
    ];

    #[test]
    fn words_round_trip() {
        for state in ALL {
            for generation in [0, 1, LAST_GENERATION] {
                let word = Word::new(generation, state);
                assert_eq!((word.generation(), word.state()), (generation, state));
            }
        }
    }

    /// Invariant: LIFE-1
    #[test]
    fn death_is_final_within_a_generation() {
        for dead in [State::Stopping, State::Reclaiming, State::Retired] {
            for to in [State::Starting, State::Running, State::Draining] {
                assert_eq!(Word::new(7, dead).step(to), None);
            }
        }
        assert_eq!(
            Word::new(7, State::Reclaiming).reclaimed(),
            Some(Word::new(8, State::Free))
        );
        assert_eq!(Word::new(7, State::Stopping).reclaimed(), None);
    }

    /// Invariant: LIFE-1
    #[test]
    fn a_generation_never_wraps() {
        let last = Word::new(LAST_GENERATION, State::Reclaiming);
        assert_eq!(last.reclaimed().unwrap().state(), State::Retired);
        for to in ALL {
            assert_eq!(Word::new(LAST_GENERATION, State::Retired).step(to), None);
        }
    }
}
