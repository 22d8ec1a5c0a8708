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
    /// Counts objects and frames. Empties the caches of the exchange heap first, since their memory is no leak.
    pub(super) fn now() -> Self {
        heap::trim();
        let census = heap::census_all();
        Self {
            objects: census.objects + census.capabilities,
            free_frames: frames::free_frames(),
        }
    }

    /// Returns the difference in objects and the difference in free frames since `before`, without sign. Fewer
    /// objects or more free frames than before are as wrong as a leak, and count as one.
    pub(super) fn leaked_since(self, before: Self) -> (usize, usize) {
        (
            self.objects.abs_diff(before.objects),
            self.free_frames.abs_diff(before.free_frames),
        )
    }
}
