//! What there is: nothing more after a test than before.

use core::time::Duration;

use samara::heap::heap;
use samara::runtime::DomainInfo;
use samara::runtime::state::State;

use crate::host::runtime;
use crate::mm::frames::{self, FrameOwner};
use crate::thread::spawn::free_ended;
use crate::thread::{OWN_STACK_FRAMES, request};

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

/// Milliseconds that threads which have left their domains may take to end: those of the idle and of the reaper
/// stay, and a test's own.
const PATIENCE: u32 = 20;

/// Frames that are free once the exchange heap has given up what it keeps for later.
pub(super) fn settled_frames() -> usize {
    settle();
    // A domain's thread is counted out, and the domain reclaimed, some instructions before the thread ends.
    for _ in 0..PATIENCE {
        free_ended();
        if frames::owned_by(FrameOwner::STACKS) <= OWN_STACK_FRAMES {
            break;
        }
        request::sleep(Duration::from_millis(1));
    }
    heap::trim();
    frames::free_frames()
}
