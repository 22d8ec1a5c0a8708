//! Totals of frames and objects, which must be the same before and after a test.

use core::time::Duration;

use samara::heap::heap;
use samara::runtime::DomainInfo;
use samara::runtime::state::State;

use crate::host::runtime;
use crate::mm::frames::{self, FrameOwner};
use crate::thread::spawn::free_ended;
use crate::thread::{OWN_STACK_FRAMES, request};

/// The number of free frames, of objects and of capabilities.
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

/// Runs `action` twice, so that the host's own tables grow, and then once more. Asserts that the last run leaves
/// nothing behind.
pub(super) fn leaves_nothing(action: impl Fn()) {
    action();
    action();
    let before = Totals::now();
    action();
    assert_eq!(Totals::now(), before);
}

/// Waits until no dead domain is left to reclaim. Another thread may be reclaiming one.
pub(super) fn settle() {
    let dying = |domain: DomainInfo| matches!(domain.state, State::Stopping | State::Reclaiming);
    while runtime().domains().any(dying) {
        request::yield_now();
    }
}

/// The most milliseconds to wait for threads that have left their domains and are about to end. The wait is bounded,
/// since threads that a test itself has started may run on.
const PATIENCE: u32 = 20;

/// Waits until dead domains are reclaimed, empties the caches of the exchange heap, and returns the number of free
/// frames.
pub(super) fn settled_frames() -> usize {
    settle();
    // A domain's thread still has to end itself after its exit was counted and the domain was reclaimed.
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
