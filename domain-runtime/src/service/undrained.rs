//! Generations of one name that are dead and still have calls inside. Each keeps its slot, and slots are few.

use crate::call::Target;
use samara_shared_heap::NoCutMutex;

/// How many generations of a name may be undrained at a time. The limit bounds the number of slots that one client
/// can take from all others by calls that never return.
const MOST: usize = 8;

/// One place more, for a start that fails with threads inside.
const PLACES: usize = MOST + 1;

struct State {
    /// Undrained generations, and some that have been reclaimed since.
    places: [Option<Target>; PLACES],
    /// The generation that the name is about to leave behind, and the time at which the name does so, which is the
    /// same for all callers.
    awaited: Option<(Target, u64)>,
}

/// The undrained generations of a name, with room for one more.
pub(super) struct UndrainedGenerations(NoCutMutex<State>);

impl UndrainedGenerations {
    pub(super) const fn new() -> Self {
        let state = State {
            places: [None; PLACES],
            awaited: None,
        };
        // SAFETY: the lock is held while a table of fixed size is searched (ORDER-54).
        Self(unsafe { NoCutMutex::new(state) })
    }

    /// Whether there is a place for a start that fails.
    pub(super) fn has_room(&self) -> bool {
        self.0.lock().places.iter().any(is_over)
    }

    /// Whether there are undrained generations.
    pub(super) fn are_there(&self) -> bool {
        !self.0.lock().places.iter().all(is_over)
    }

    /// Returns the time, in the host's nanoseconds, at which the name goes on without `dead`. It is `drain`, the
    /// name's drain timeout, after the first wait for the end of that generation.
    pub(super) fn patience(&self, dead: Target, drain: u64, now: u64) -> u64 {
        let mut state = self.0.lock();
        match state.awaited {
            Some((awaited, end)) if awaited.is_generation_of(&dead) => end,
            _ => {
                let end = now.saturating_add(drain);
                state.awaited = Some((dead, end));
                end
            }
        }
    }

    /// Notes that the name goes on without `dead`, which was not reclaimed. Returns false if there are [`MOST`]
    /// undrained generations already.
    pub(super) fn leave_behind(&self, dead: Target) -> bool {
        self.note(dead, MOST)
    }

    /// Notes a failed start whose generation was not reclaimed.
    pub(super) fn note_failed(&self, start: Target) {
        // A start begins only if there is a place for it, so this succeeds.
        let _ = self.note(start, PLACES);
    }

    fn note(&self, dead: Target, most: usize) -> bool {
        let places = &mut self.0.lock().places;
        let mut known = places.iter().flatten();
        // The generation may have been noted already, in an earlier state.
        if known.any(|known| known.is_generation_of(&dead)) {
            return true;
        }
        let count = places.iter().filter(|place| !is_over(place)).count();
        let place = places.iter_mut().find(|place| is_over(place));
        match place {
            Some(place) if count < most => *place = Some(dead),
            _ => return false,
        }
        true
    }
}

fn is_over(place: &Option<Target>) -> bool {
    place.is_none_or(|known| known.is_reclaimed())
}
