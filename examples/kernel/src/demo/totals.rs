//! What there is in the machine: compared before and after.

use samara::heap::heap;

use crate::mm::frames;

/// Live shared objects (capabilities among them) and free frames.
#[derive(Clone, Copy)]
pub(super) struct Totals {
    objects: usize,
    free_frames: usize,
}

impl Totals {
    /// Counts, after the exchange heap gave back what it only keeps at hand.
    pub(super) fn now() -> Self {
        heap::trim();
        let census = heap::census_all();
        Self {
            objects: census.objects + census.capabilities,
            free_frames: frames::free_frames(),
        }
    }

    /// How many objects there are more, and how many frames fewer, than at `before`. Either is
    /// counted as leaked; that there are fewer objects or more frames would be as wrong.
    pub(super) fn leaked_since(self, before: Self) -> (usize, usize) {
        (
            self.objects.abs_diff(before.objects),
            self.free_frames.abs_diff(before.free_frames),
        )
    }
}
