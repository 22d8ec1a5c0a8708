//! What there is: nothing more after a test than before.

use samara::heap::heap;
use samara::runtime::DomainInfo;
use samara::runtime::state::State;

use crate::host::runtime;
use crate::mm::frames;
use crate::thread::request;
use crate::thread::spawn::free_ended;

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

/// Waits until no dead domain is left to reclaim: another thread may be at it.
pub(super) fn settle() {
    let dying = |domain: DomainInfo| matches!(domain.state, State::Stopping | State::Reclaiming);
    while runtime().domains().any(dying) {
        request::yield_now();
    }
}

/// Frames that are free once the exchange heap has given up what it keeps for later.
pub(super) fn settled_frames() -> usize {
    settle();
    free_ended();
    heap::trim();
    frames::free_frames()
}
