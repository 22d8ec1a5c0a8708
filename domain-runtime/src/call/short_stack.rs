//! The way into a domain from a stack that is short.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

use super::exit::return_to_caller;
use super::refusal::{Failure, Refusal};
use super::target::Target;
use crate::blame;
use crate::stack::{self, CallSignature};
use samara_shared_heap::thread::{Frame, ThreadSlot};

/// Has `enter` called on more stack, if the host has some, with the frame of the caller; the caller's own frame is not on top there.
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
        // It takes no stack to be told so, and how much its slot asks for is said by who has that now.
        return enter(None, arguments, body, refusal);
    }
    let (from, caller) = (thread.top(), thread.owner());
    let needed = stack::needed::<M>(target);
    // There the boundary's own frame, with copies of its own, is on the segment too.
    let on_segment = needed.saturating_add(M::BYTES);
    let mut call = Some((arguments, body, enter));
    let mut outcome = None;
    let mut callee = || {
        if let Some((arguments, body, enter)) = call.take() {
            // As a call of the caller's, though its frame is not on top: what comes back is the caller's before it gets
            // here, and never the host's.
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
        // Taken and not ended: the thread does not come here.
        (None, None) => Err(Failure::Crashed),
    }
}
