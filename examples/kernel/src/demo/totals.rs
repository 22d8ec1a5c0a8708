//! Counts objects and frames, to compare them before and after the demo.

use samara::heap::heap;

use crate::mm::frames;

/// The number of live shared objects, capabilities included, and of free frames.
#[derive(Clone, Copy)]
pub(super) struct Totals {
    objects: usize,
    free_frames: usize,
}

impl Totals {
    /// Counts, after the exchange heap has given back the memory that it only keeps in its caches.
    pub(super) fn now() -> Self {
        heap::trim();
        let census = heap::census_all();
        Self {
            objects: census.objects + census.capabilities,
            free_frames: frames::free_frames(),
        }
    }

    /// Returns by how many objects and by how many free frames the totals differ from `before`. Both differences count
    /// as leaks. Fewer objects or more free frames than before would be just as wrong.
    pub(super) fn leaked_since(self, before: Self) -> (usize, usize) {
        (
            self.objects.abs_diff(before.objects),
            self.free_frames.abs_diff(before.free_frames),
        )
    }
}
