//! Lets a test act for an owner that has no domain, for tests of the heap alone.

use samara_shared_heap::quota::{self, Limits};
use samara_shared_heap::thread::{self, Frame};
use samara_shared_heap::{Owner, group};

/// Runs `body` on behalf of `owner`: objects that it allocates belong to that owner.
///
/// # Safety
/// The rules for a domain's code hold: objects that `body` leaves behind are used only on behalf of `owner`, and only
/// until the owner is reclaimed. `body` calls only the heap. It must not call the runtime, because the runtime would
/// take the frame for the beginning of an activation.
pub unsafe fn acting_for<R>(owner: Owner, body: impl FnOnce() -> R) -> R {
    struct Restore(*const Frame);
    impl Drop for Restore {
        fn drop(&mut self) {
            // SAFETY: this frame was the top before, and it and the frames below it are still there.
            unsafe { thread::current().set_top(self.0) }
        }
    }
    let slot = thread::current();
    let frame = Frame::new(owner, slot.top());
    let _restore = Restore(slot.top());
    // SAFETY: the frame outlives `_restore`, which takes it off again. The caller vouches for acting for the owner, and
    // for not calling the runtime.
    unsafe { slot.set_top(&raw const frame) };
    body()
}

/// Limits `owner` to `bytes` bytes of slots on the exchange heap. `None` removes all limits.
pub fn limit_bytes(owner: Owner, bytes: Option<usize>) {
    limit(owner, bytes.map_or(Limits::NONE, Limits::bytes));
}

/// Sets the limits of `owner` on the exchange heap.
pub fn limit(owner: Owner, limits: Limits) {
    // SAFETY: the test acts as the host, which may set limits.
    unsafe { quota::set_limits(owner, limits) };
}

/// Returns how many groups the host can still open. Opens all of them for a moment. No other thread can open a group
/// during that moment.
#[must_use]
pub fn groups_left() -> usize {
    let opened: std::vec::Vec<_> = core::iter::from_fn(group::open).collect();
    let count = opened.len();
    for group in opened {
        // SAFETY: the group was opened above, and no object has become its member.
        unsafe { group::close(group) };
    }
    count
}

/// Runs `body` on behalf of the host, even on a domain's thread. This is for actions of the host that a test performs
/// during a domain's call.
pub fn as_host<R>(body: impl FnOnce() -> R) -> R {
    // SAFETY: the test acts as the host, and `body` is its code, not a domain's.
    unsafe { thread::as_host(body) }
}
