//! Boundaries inside a domain that run trusted cleanup code whether the domain's code returns, panics or is cut.

use super::activation::{Activation, CROSSING, innermost, left_off};
use super::opaque::call_opaque;
use super::raise::raise;
use super::unwound::Unwound;
use crate::{contain, stack};
use core::mem;
use samara_shared_heap::thread::{self, ThreadSlot};
use samara_unwind::Payload;

/// Runs `f` behind a boundary of its own, on behalf of the domain that the thread acts for, and then runs `after` as
/// the host. `after` always runs: if `f` panics or is cut, it runs before the thread unwinds further. Use it for work
/// that must end before a call of the domain returns. Costs as much as a boundary does. If the domain's stack has too
/// little room left for the boundary, the domain dies here and neither `f` nor `after` runs.
///
/// # Safety
/// `after` is trusted code of the host's side, ends in bounded time and does not panic.
pub unsafe fn with_cleanup_boundary<F: FnOnce() -> R, R, E>(
    f: F,
    after: impl FnOnce() -> E,
) -> (R, E) {
    let thread = thread::current();
    let outer = innermost(thread);
    if let Some(outer) = outer
        && stack::has_no_room_to_move::<F, R>(thread)
    {
        // The check stands here, where an overflow still counts as the domain's fault. In `under`, code outside
        // `catch` is not cut, so an overflow there would count as the host's fault.
        contain::run_over(outer);
    }
    let inner = outer.map(|outer| outer.again(thread.top(), outer.word_and_used.get()));
    let (outcome, after) = under(thread, inner.as_ref(), f, || {
        // SAFETY: the caller's.
        let after = unsafe { thread::as_host(after) };
        if let (Some(inner), Some(outer)) = (&inner, outer) {
            // The time used inside counts for the outer activation. After a cut the inner value is `CROSSING`: it
            // marks the inner activation as left, and must not mark the outer one.
            let expected = outer.target().expected();
            let word_and_used = left_off(inner.word_and_used.get(), expected);
            if word_and_used != CROSSING {
                outer.word_and_used.set(word_and_used);
            }
        }
        after
    });
    match outcome {
        Ok(result) => (result, after),
        Err(payload) => {
            payload.dispose();
            if outer.is_some_and(|outer| outer.target().is_dead()) {
                contain::end_self();
            }
            raise()
        }
    }
}

/// Drops the payload of a panic, on behalf of the domain that panicked. The payload's destructor is the domain's
/// code, and it runs after the `catch` of `outer` has ended. The same frame may hold a caller's `catch` around the
/// call, and a panic or a cut in the destructor would land there. So this needs a boundary of its own. `left_off` is
/// the word and the time used that `outer` had before the panic marked it. After a cut it is [`CROSSING`], and the
/// payload carries nothing.
#[inline(never)]
pub(super) fn dispose(outer: &Activation, left_off: u64, payload: Payload) {
    let thread = thread::current();
    let inner = outer.again(thread.top(), left_off);
    let dispose = || payload.dispose();
    let (outcome, ()) = under(thread, Some(&inner), dispose, || inner.cross());
    if let Err(cut) = outcome {
        // This payload was raised by a cut, so it carries nothing of the domain's.
        cut.dispose();
    }
}

/// Runs `f` behind a boundary with `inner` on top, and then `last` with `inner` still on top. While `inner` is on
/// top, neither code outside `catch` nor the host's code in `last` is cut. `inner` is [a second
/// activation](Activation::again) of the entry that the running `thread` is in, or `None` if the thread acts for the
/// host.
#[inline(always)]
fn under<F: FnOnce() -> R, R, E>(
    thread: &ThreadSlot,
    inner: Option<&Activation>,
    f: F,
    last: impl FnOnce() -> E,
) -> (Result<R, Payload>, E) {
    let below = thread.top();
    if let Some(inner) = inner {
        // SAFETY: `inner` is borrowed until this function returns, and is taken off the chain before that. It is of
        // the same generation as the activation below, which keeps that generation from being reclaimed (LIFE-2).
        unsafe { thread.set_top((&raw const *inner).cast()) };
    }
    let outcome = samara_unwind::catch(|| {
        let unwound = Unwound;
        let result = call_opaque(f);
        mem::forget(unwound);
        result
    });
    let last = last();
    // SAFETY: this was the top before.
    unsafe { thread.set_top(below) };
    (outcome, last)
}
