//! Generations of one name that are dead and have calls inside still: each keeps its slot, and slots are few.

use crate::call::Target;
use crate::threads;
use samara_shared_heap::NoCutMutex;

/// How many generations of a name may be so at a time: a client whose calls never come back takes no more slots
/// from all the others than that.
const MOST: usize = 8;

/// One more, for a start that fails with threads inside.
const PLACES: usize = MOST + 1;

/// The ones that are, and some that were.
pub(super) struct Lagging(NoCutMutex<[Option<Target>; PLACES]>);

impl Lagging {
    pub(super) const fn new() -> Self {
        // SAFETY: a table of fixed size is searched.
        Self(unsafe { NoCutMutex::new([None; PLACES]) })
    }

    /// Whether there is a place for a start that fails.
    pub(super) fn has_room(&self) -> bool {
        self.0.lock().iter().any(is_over)
    }

    /// Threads that they have still.
    pub(super) fn threads(&self) -> u32 {
        let lagging = self.0.lock();
        let left = lagging
            .iter()
            .flatten()
            .filter(|known| !known.is_reclaimed());
        left.fold(0, |sum, known| {
            sum.saturating_add(threads::live(known.owner()))
        })
    }

    /// Notes that the name goes on without `dead`, which was not reclaimed; false if as many lag already.
    pub(super) fn leave_behind(&self, dead: Target) -> bool {
        self.note(dead, MOST)
    }

    /// Notes a start that failed, and was not reclaimed.
    pub(super) fn note_failed(&self, start: Target) {
        // There was room for it before it began.
        let _ = self.note(start, PLACES);
    }

    fn note(&self, dead: Target, most: usize) -> bool {
        let mut lagging = self.0.lock();
        if lagging.iter().flatten().any(|known| known.is_same(&dead)) {
            return true;
        }
        let count = lagging.iter().filter(|place| !is_over(place)).count();
        let place = lagging.iter_mut().find(|place| is_over(place));
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
