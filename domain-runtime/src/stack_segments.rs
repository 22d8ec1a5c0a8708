//! Counts the stack segments that each domain's threads are on, so that no domain takes all segments of a host.

use crate::call;
use crate::control;
use crate::host::SegmentRequester;
use crate::primitive::atomic::{AtomicUsize, Ordering::SeqCst};
use samara_shared_heap::Owner;
use samara_shared_heap::owner::MAX_OWNERS;
use samara_shared_heap::thread::ThreadSlot;

/// How many segments each owner's threads are on, or ask for.
static ON: [AtomicUsize; MAX_OWNERS] = [const { AtomicUsize::new(0) }; MAX_OWNERS];

/// A segment that a thread asks for and then is on. It is counted until this is dropped.
#[derive(Debug)]
pub(crate) struct SegmentClaim(Owner);

impl SegmentClaim {
    /// Counts a segment for the first domain that the thread has entered: that domain began the work of the thread.
    /// Domains further in, which others call too, do not pay for it. The first domain is not reclaimed before the
    /// thread has left it. Called as the host: a thread that was cut while it holds this would leave the segment
    /// counted.
    pub(crate) fn begin(thread: &ThreadSlot) -> Self {
        let owner = call::outermost(thread);
        ON[owner.index()].fetch_add(1, SeqCst);
        Self(owner)
    }

    /// The requester, as the host gets it.
    pub(crate) fn asker(&self) -> SegmentRequester {
        SegmentRequester::new((!self.0.is_host()).then(|| of_its_name(self.0)))
    }
}

impl Drop for SegmentClaim {
    fn drop(&mut self) {
        ON[self.0.index()].fetch_sub(1, SeqCst);
    }
}

/// Counts the segments of all generations of `owner`'s name.
fn of_its_name(owner: Owner) -> usize {
    let own = ON[owner.index()].load(SeqCst);
    let name = control::block(owner).name_number();
    if name == 0 {
        return own;
    }
    let others = control::blocks().iter().filter(|block| {
        let at = block.owner();
        at != owner && ON[at.index()].load(SeqCst) > 0 && block.name_number() == name
    });
    others.fold(own, |sum, block| {
        sum.saturating_add(ON[block.owner().index()].load(SeqCst))
    })
}
