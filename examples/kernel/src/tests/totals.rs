//! What there is: nothing more after a test than before.

use samara::heap::heap;

use super::domains::settled_frames;

/// What there is, before and after.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Totals {
    frames: usize,
    objects: usize,
    capabilities: usize,
}

impl Totals {
    pub(super) fn now() -> Self {
        let frames = settled_frames();
        let census = heap::census_all();
        Self {
            frames,
            objects: census.objects,
            capabilities: census.capabilities,
        }
    }
}

/// Does it until the host's own tables have grown, then once more: nothing is left.
pub(super) fn leaves_nothing(what: impl Fn()) {
    what();
    what();
    let before = Totals::now();
    what();
    assert_eq!(Totals::now(), before);
}
