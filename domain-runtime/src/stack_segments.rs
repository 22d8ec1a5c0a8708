//! Whose threads are on stack segments: so no domain has all that a host has.

use crate::call;
use crate::control;
use crate::host::SegmentRequester;
use crate::primitive::atomic::{AtomicUsize, Ordering::SeqCst};
use samara_shared_heap::Owner;
use samara_shared_heap::owner::MAX_OWNERS;
use samara_shared_heap::thread::ThreadSlot;

/// How many segments each owner's threads are on, or ask for.
static ON: [AtomicUsize; MAX_OWNERS] = [const { AtomicUsize::new(0) }; MAX_OWNERS];

/// A segment that a thread asks for, and then is on; counted until this is dropped.
#[derive(Debug)]
pub(crate) struct SegmentClaim(Owner);

impl SegmentClaim {
    /// Counts for the first domain that the thread is in: it began what the thread does, and those further in, which
    /// others call too, are not to answer for it. That domain is not reclaimed before the thread has left it. As the
    /// host: who is cut with it in its hands leaves it counted.
    pub(crate) fn begin(thread: &ThreadSlot) -> Self {
        let owner = call::outermost(thread);
        ON[owner.index()].fetch_add(1, SeqCst);
        Self(owner)
    }

    /// What the host is told.
    pub(crate) fn asker(&self) -> SegmentRequester {
        SegmentRequester::new((!self.0.is_host()).then(|| of_its_name(self.0)))
    }
}

impl Drop for SegmentClaim {
    fn drop(&mut self) {
        ON[self.0.index()].fetch_sub(1, SeqCst);
    }
}

/// Those of all generations of `owner`'s name.
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
