//! The way into a domain, and past what it does there.

use super::activation::{Activation, CROSSING};
use super::exit::{after_exit, crashed, leave, refuse, return_to_caller};
use super::metering::{admits, note};
use super::refusal::{Failure, Refusal};
use super::short_stack;
use super::target::Target;
use super::unwound::Unwound;
use crate::control;
use crate::primitive::atomic::Ordering::SeqCst;
use crate::stack::{self, CallSignature};
use core::mem::{self, ManuallyDrop};
use samara_rref::{Exchangeable, Transfer};
use samara_shared_heap::Owner;
use samara_shared_heap::thread::{self, Frame, ThreadSlot};

/// Calls `body` inside the target with `arguments`, which become its own; the result becomes the
/// caller's. A panic inside ends here and is the domain's death.
///
/// A receiver far over its quota gets no arguments, and a caller that is makes no call that may return it
/// anything; else a caller with a quota gets its result, which is taken off what it may still allocate. What
/// does not change hands is not counted.
///
/// Does not return if the *caller's* domain died meanwhile: the thread then unwinds to the boundary
/// through which it entered the caller.
///
/// A thread whose stack has less room than the target asks for ([`DomainSpec::stack`](crate::DomainSpec::stack))
/// is refused, or goes on elsewhere if the host's [`StackProbe`](crate::host::StackProbe) has it.
///
/// Cost (happy path): two locked additions on the CPU's own line, two loads of the state.
///
/// # Errors
/// See [`Failure`].
///
/// # Safety
/// `body` runs the target's own code only, and what it captures may be lent to the target for the
/// length of the call.
#[inline]
pub unsafe fn enter<A: Exchangeable, R: Exchangeable>(
    target: Target,
    arguments: A,
    body: impl FnOnce(A) -> R,
) -> Result<R, Failure<A>> {
    // SAFETY: handed on.
    unsafe {
        enter_on::<true, fn(A) -> R, A, R>(
            thread::current(),
            target,
            arguments,
            body,
            &mut Refusal::Dead,
        )
    }
}

/// [`enter`] on the running `thread`, with or without a look at quotas and at the stack. Who looks
/// beforehand ([`is_marked`], [`is_short`](crate::stack::is_short)) keeps the rare way out of line, as a
/// whole. Room is asked for what a call like `M` moves: one `fn(A) -> R`, or what `body` makes of arguments that are lent to
/// it. `refusal` is set when it is not [`Refusal::Dead`].
///
/// # Errors
/// See [`Failure`].
///
/// # Safety
/// As for [`enter`]. `body` moves no more by value than a call of the signature `M`. Without `METERED` the call is not
/// metered, and the stack is not short.
#[inline(always)]
pub unsafe fn enter_on<const METERED: bool, M: CallSignature, A: Exchangeable, R: Exchangeable>(
    thread: &ThreadSlot,
    target: Target,
    arguments: A,
    body: impl FnOnce(A) -> R,
    refusal: &mut Refusal,
) -> Result<R, Failure<A>> {
    let enter = |from, arguments, body, refusal: &mut Refusal| {
        // SAFETY: handed on.
        unsafe { enter_here::<METERED, A, R>(thread, from, target, arguments, body, refusal) }
    };
    if METERED && stack::is_short::<M>(thread, target) {
        return short_stack::enter::<M, A, R, _>(thread, target, arguments, body, refusal, enter);
    }
    enter(None, arguments, body, refusal)
}

/// [`enter_on`] a stack that has room. On a segment, where the frame on top is the host's, as a call of whom the frame
/// `from` acts for: if that caller is dead, who switches back leaves it, from its own stack.
///
/// # Safety
/// As for [`enter_on`]; `from` is the frame below the top one, which is the host's.
#[inline(always)]
unsafe fn enter_here<const METERED: bool, A: Exchangeable, R: Exchangeable>(
    thread: &ThreadSlot,
    from: Option<*const Frame>,
    target: Target,
    arguments: A,
    body: impl FnOnce(A) -> R,
    refusal: &mut Refusal,
) -> Result<R, Failure<A>> {
    const {
        // What holds something is asked of its parts, where it is transferred.
        let () = A::NO_DESTRUCTOR_OF_ITS_OWN;
        let () = R::NO_DESTRUCTOR_OF_ITS_OWN;
        let () = A::NOT_TOO_DEEP;
        let () = R::NOT_TOO_DEEP;
    }
    // They stay in registers only if no way drops them, see `slow_path_copy`: unwinding with them here does who is
    // dead, and they are reclaimed with all that it has.
    let arguments = ManuallyDrop::new(arguments);
    let below = thread.top();
    let caller = match from {
        None => thread.owner(),
        // SAFETY: a frame of the thread's chain.
        Some(from) => unsafe { from.as_ref() }.map_or(Owner::HOST, Frame::owner),
    };
    let counter = control::counter(target.index(), thread.shard());
    let activation = Activation::new(target, from.unwrap_or(below));
    // On top as long as the entry counts, and no instruction less: a cut finds the thread either with
    // nothing begun, or here. Outside `catch` it is not cut while the activation is on top (`contain`).
    // SAFETY: the activation lives to the end of this function and is taken off before. The thread
    // does nothing for the target before it is let in.
    unsafe { thread.set_top((&raw const activation).cast()) };
    counter.entries.fetch_add(1, SeqCst);
    if target.block().word() != target.expected() {
        leave(thread, counter, below);
        refuse(thread, target);
        return Err(Failure::Refused(ManuallyDrop::into_inner(arguments)));
    }
    let asks = METERED && (A::NESTED || R::NESTED);
    if A::NESTED || asks {
        // What follows calls functions, and a caller may have expanded this function inside a `catch` of
        // its own: a cut in them would be caught there. Plain arguments call none, without a quota.
        activation.enter();
    }
    if asks && !admits::<A, R>(caller, target.owner(), &*arguments) {
        leave(thread, counter, below);
        refuse(thread, target);
        *refusal = Refusal::OverQuota;
        return Err(Failure::Refused(ManuallyDrop::into_inner(arguments)));
    }
    if A::NESTED {
        // SAFETY: the arguments go to `body`, which is the target's code.
        arguments.transfer(&unsafe { Transfer::to(target.owner()) });
    }
    if A::NESTED || asks {
        activation.arrive(target);
    }
    let outcome = samara_unwind::catch(|| {
        let unwound = Unwound;
        let result = body(ManuallyDrop::into_inner(arguments));
        mem::forget(unwound);
        if !R::NESTED {
            // In here, so that the result is moved on after the locked addition: the callee wrote it in
            // parts, a move reads it whole, and before that addition it would wait for the parts to
            // arrive in the cache. Nothing of it panics, and from here on nothing is cut.
            activation.cross();
            leave(thread, counter, below);
        }
        result
    });
    let result = match outcome {
        Ok(result) => {
            let result = ManuallyDrop::new(result);
            if R::NESTED {
                activation.give();
                if METERED {
                    note(target.owner(), caller, &*result);
                }
                // SAFETY: the result goes to the caller.
                result.transfer(&unsafe { Transfer::to(caller) });
                leave(thread, counter, below);
            }
            Ok(ManuallyDrop::into_inner(result))
        }
        Err(payload) => {
            // Here, where nothing is called: see `cross` above.
            let had = activation.word_and_used.replace(CROSSING);
            crashed(&activation, had, target, payload);
            leave(thread, counter, below);
            Err(Failure::Crashed)
        }
    };
    // Who does not come back is dead: what it was to get is reclaimed with all that it has.
    let result = ManuallyDrop::new(result);
    after_exit(target);
    if from.is_none() {
        return_to_caller(thread, caller);
    }
    ManuallyDrop::into_inner(result)
}
