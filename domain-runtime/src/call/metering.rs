//! Quotas asked where a call moves things.

use super::target::Target;
use samara_rref::{Exchangeable, weigh};
use samara_shared_heap::thread::ThreadSlot;
use samara_shared_heap::{Owner, quota, slow_path_flags};

/// Whether a call of `thread` may have more to do than to enter: a quota has a say in what it would
/// move, since the receiver has one, or exported objects wait to be dropped. For what moves nothing a
/// constant. One load for each side.
#[inline]
#[must_use]
pub fn is_marked<A: Exchangeable, R: Exchangeable>(thread: &ThreadSlot, target: Target) -> bool {
    let mut found = 0;
    if A::NESTED || R::NESTED {
        found |= slow_path_flags::of(target.owner());
    }
    // Both count for what moves in and back: no instruction there.
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

/// Asks the receiver's quota, before anything moves; and the caller's, if it is to get something back, for
/// what a call returns cannot be refused.
#[cold]
pub(super) fn admits<A: Exchangeable, R: Exchangeable>(
    from: Owner,
    to: Owner,
    arguments: &A,
) -> bool {
    let may_get_back = || !R::NESTED || !quota::is_limited(from) || quota::has_room(from);
    // SAFETY: the arguments are handed over if the answer is yes.
    let has_credit = || unsafe { quota::admit(to, weigh(arguments)) };
    let may_be_given = || !A::NESTED || !quota::is_limited(to) || has_credit();
    from == to || may_get_back() && may_be_given()
}

/// Takes a result off what its receiver may still allocate.
#[cold]
pub(super) fn note<R: Exchangeable>(from: Owner, to: Owner, result: &R) {
    if from != to && quota::is_limited(to) {
        // SAFETY: the result is about to be its own.
        unsafe { quota::note(to, weigh(result)) };
    }
}
