//! Boundaries inside a domain, behind which something ends in any case.

use super::activation::{Activation, CROSSING, innermost, left_off};
use super::opaque::call_opaque;
use super::raise::raise;
use super::unwound::Unwound;
use crate::{contain, stack};
use core::mem;
use samara_shared_heap::thread::{self, ThreadSlot};
use samara_unwind::Payload;

/// Runs `f` behind a boundary of its own of whom the thread runs for, then `after`, as the host: in any case,
/// also when `f` is cut, before what cut it goes on outwards. For what must end before a call of the
/// domain's returns. Cost: what a boundary costs. A domain that has used its stack up that far ends here, and neither runs.
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
        // Outside `catch`, where nothing is cut, it would be the host that runs over; in here it is the domain still.
        contain::run_over(outer);
    }
    let inner = outer.map(|outer| outer.again(thread.top(), outer.word_and_used.get()));
    let (outcome, after) = under(thread, inner.as_ref(), f, || {
        // SAFETY: the caller's.
        let after = unsafe { thread::as_host(after) };
        if let (Some(inner), Some(outer)) = (&inner, outer) {
            // What was used up in there counts. After a cut it says that the inner one is left, not this one.
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

/// Drops what a panic carried, which is its domain's, inside that: behind a boundary of its own, since what
/// a caller has put around the call may stand in the frame of `outer`, which catches no more. `left_off`
/// is what `outer` had counted before it was marked as left; a cut marks it so, and carries nothing.
#[inline(never)]
pub(super) fn dispose(outer: &Activation, left_off: u64, payload: Payload) {
    let thread = thread::current();
    let inner = outer.again(thread.top(), left_off);
    let dispose = || payload.dispose();
    let (outcome, ()) = under(thread, Some(&inner), dispose, || inner.cross());
    if let Err(cut) = outcome {
        // Raised by the cut: nothing of the domain's.
        cut.dispose();
    }
}

/// Runs `f` behind a boundary with `inner` on top, then `last`, with that still on top: outside `catch`
/// nothing is cut then, and of the host's neither. `inner` is one of the running `thread`'s own activations
/// [once more](Activation::again), or none where the thread acts for the host.
#[inline(always)]
fn under<F: FnOnce() -> R, R, E>(
    thread: &ThreadSlot,
    inner: Option<&Activation>,
    f: F,
    last: impl FnOnce() -> E,
) -> (Result<R, Payload>, E) {
    let below = thread.top();
    if let Some(inner) = inner {
        // SAFETY: borrowed to the end of this function, and taken off before; the same generation's as the
        // one below, which keeps it.
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
