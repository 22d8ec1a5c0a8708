//! The quotas of the two domains of a call, asked where the call moves objects between them.

use super::target::Target;
use samara_rref::{Exchangeable, weigh};
use samara_shared_heap::thread::ThreadSlot;
use samara_shared_heap::{Owner, quota, slow_path_flags};

/// Whether a call by `thread` may have to do more than enter: ask a quota about the objects that it would move, or
/// drop exported objects that wait to be dropped. Constant if the call moves no objects; else at most one load for
/// each side.
#[inline]
#[must_use]
pub fn is_marked<A: Exchangeable, R: Exchangeable>(thread: &ThreadSlot, target: Target) -> bool {
    let mut found = 0;
    if A::NESTED || R::NESTED {
        found |= slow_path_flags::of(target.owner());
    }
    // If objects move both ways, both flags count and neither has to be masked.
    if !A::NESTED {
        found &= !slow_path_flags::LIMITED;
    }
    if !R::NESTED {
        found &= !slow_path_flags::POSTED;
    }
    if R::NESTED {
        found |= slow_path_flags::of(thread.owner()) & slow_path_flags::LIMITED;
    }
    found != 0
}

/// Asks the target's quota, before anything moves. If objects may come back, it asks the caller's quota too, because
/// a result cannot be refused.
#[cold]
pub(super) fn admits<A: Exchangeable, R: Exchangeable>(
    from: Owner,
    to: Owner,
    arguments: &A,
) -> bool {
    let may_get_back = || !R::NESTED || !quota::is_limited(from) || quota::has_room(from);
    // SAFETY: the arguments are handed over if the answer is yes (HEAP-37).
    let has_credit = || unsafe { quota::admit(to, weigh(arguments)) };
    let may_be_given = || !A::NESTED || !quota::is_limited(to) || has_credit();
    from == to || may_get_back() && may_be_given()
}

/// Deducts a result from the credit of its receiver.
#[cold]
pub(super) fn note<R: Exchangeable>(from: Owner, to: Owner, result: &R) {
    if from != to && quota::is_limited(to) {
        // SAFETY: the caller is about to hand the result over to `to` (HEAP-37).
        unsafe { quota::note(to, weigh(result)) };
    }
}
