//! Entering a domain from a stack that is short.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

use super::exit::return_to_caller;
use super::refusal::{Failure, Refusal};
use super::target::Target;
use crate::blame;
use crate::stack::{self, CallSignature};
use samara_shared_heap::thread::{Frame, ThreadSlot};

/// Calls `enter` on a stack with more room, if the host provides one. It passes the caller's frame, because that
/// frame is not on top there. Otherwise the call is refused.
#[cold]
#[inline(never)]
pub(super) fn enter<M: CallSignature, A, R, F>(
    thread: &ThreadSlot,
    target: Target,
    arguments: A,
    body: F,
    refusal: &mut Refusal,
    enter: impl FnOnce(Option<*const Frame>, A, F, &mut Refusal) -> Result<R, Failure<A>>,
) -> Result<R, Failure<A>> {
    if target.is_dead() {
        // `enter` refuses a call to a dead domain, which takes no stack. And the slot may already hold the stack
        // requirement of another generation.
        return enter(None, arguments, body, refusal);
    }
    let (from, caller) = (thread.top(), thread.owner());
    let needed = stack::needed::<M>(target);
    // If the call runs on a segment, the boundary's own frame and its copies of the values also lie on the segment.
    let on_segment = needed.saturating_add(M::BYTES);
    let mut call = Some((arguments, body, enter));
    let mut outcome = None;
    let mut callee = || {
        if let Some((arguments, body, enter)) = call.take() {
            // Enters on behalf of the caller, whose frame is not on top: the result becomes the caller's before
            // `enter` returns, and is never the host's.
            outcome = Some(enter(Some(from), arguments, body, refusal));
        }
    };
    stack::extend(thread, on_segment, &mut callee);
    return_to_caller(thread, caller);
    match (outcome, call) {
        (Some(outcome), _) => outcome,
        (None, Some((arguments, ..))) => {
            *refusal = Refusal::StackExhausted;
            blame::note(thread, needed);
            Err(Failure::Refused(arguments))
        }
        // Not reached: if the call began and did not end, the thread has left this function.
        (None, None) => Err(Failure::Crashed),
    }
}
