//! Acting for an owner without a domain: for tests of the heap alone.

use samara_shared_heap::quota::{self, Limits};
use samara_shared_heap::thread::{self, Frame};
use samara_shared_heap::{Owner, group};

/// Runs `body` on behalf of `owner`: what it allocates is the owner's.
///
/// # Safety
/// As for a domain: what `body` leaves behind is used only on behalf of `owner`, until it is reclaimed. `body`
/// calls the heap alone: to the runtime the frame would be an activation's.
pub unsafe fn acting_for<R>(owner: Owner, body: impl FnOnce() -> R) -> R {
    struct Restore(*const Frame);
    impl Drop for Restore {
        fn drop(&mut self) {
            // SAFETY: this was the top before, and the frames below are still there.
            unsafe { thread::current().set_top(self.0) }
        }
    }
    let slot = thread::current();
    let frame = Frame::new(owner, slot.top());
    let _restore = Restore(slot.top());
    // SAFETY: the frame outlives `_restore`, which takes it off again; acting for the owner, and without the
    // runtime, is what the caller vouches for.
    unsafe { slot.set_top(&raw const frame) };
    body()
}

/// Limits what `owner` may have on the exchange heap to `bytes` of slots; `None` for no limit at all.
pub fn limit_bytes(owner: Owner, bytes: Option<usize>) {
    limit(owner, bytes.map_or(Limits::NONE, Limits::bytes));
}

/// Limits what `owner` may have on the exchange heap.
pub fn limit(owner: Owner, limits: Limits) {
    // SAFETY: the test is the host.
    unsafe { quota::set_limits(owner, limits) };
}

/// How many groups of batches the host still gets. Meanwhile nobody else gets any.
#[must_use]
pub fn groups_left() -> usize {
    let opened: std::vec::Vec<_> = core::iter::from_fn(group::open).collect();
    let count = opened.len();
    for group in opened {
        // SAFETY: opened here, and without members.
        unsafe { group::close(group) };
    }
    count
}

/// Runs `body` on behalf of the host, also on a domain's thread: for what a test has its host do meanwhile.
pub fn as_host<R>(body: impl FnOnce() -> R) -> R {
    // SAFETY: the test is the host, and what it does there is no domain's code.
    unsafe { thread::as_host(body) }
}
