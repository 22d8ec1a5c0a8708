//! Entering a domain: the way in, the call, and the way out.

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

/// Calls `body` inside the target with `arguments`, which become the target's; the result becomes the caller's. A
/// panic inside ends here and kills the target's domain.
///
/// The call is refused if the arguments would take a target with a quota beyond twice that quota. It is also refused
/// if it may return objects to a caller that already has twice its quota. Otherwise the caller gets its result. If
/// the caller has a quota, the result is deducted from its credit. If both sides are the same domain, no object
/// changes its owner and no quota is asked.
///
/// Does not return if the *caller's* domain has died meanwhile: the thread then unwinds to the boundary through which
/// it entered the caller.
///
/// If the thread's stack has less room than the target asks for ([`DomainSpec::stack`](crate::DomainSpec::stack)),
/// the call is refused, or runs on another stack if the host's [`StackProbe`](crate::host::StackProbe) provides one.
///
/// Cost (fast path): two locked additions on a cache line of the CPU's own, and two loads of the target's state.
///
/// # Errors
/// See [`Failure`].
///
/// # Safety
/// `body` runs only the target's own code, and its captures may be lent to the target for the length of the call.
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

/// [`enter`] on the running `thread`. With `METERED` it checks the quotas and the stack. A caller that checks
/// beforehand ([`is_marked`](super::is_marked), [`is_short`](crate::stack::is_short)) enters without `METERED` on its
/// fast path, and so keeps the whole slow path out of line. The stack must have room for the values that a call of
/// the signature `M` moves. `M` is `fn(A) -> R` or, if `body` calls a method with arguments that are lent to it, the
/// signature of that method. `refusal` is written if the reason for a refusal is not [`Refusal::Dead`].
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

/// [`enter_on`] for a stack that has room. On a stack segment the frame on top is the host's; `from` is then the
/// caller's frame, and the call is made on behalf of that frame's owner. If that caller is dead, this function
/// returns all the same, and the thread leaves the caller after it has switched back to the caller's own stack.
///
/// # Safety
/// As for [`enter_on`]; `from`, if there is one, is the frame below those of the host's that are on top, or
/// null if there is no such frame.
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
        // These constants check the type as a whole. A type that holds objects checks its parts in its `transfer`.
        let () = A::NO_DESTRUCTOR_OF_ITS_OWN;
        let () = R::NO_DESTRUCTOR_OF_ITS_OWN;
        let () = A::NOT_TOO_DEEP;
        let () = R::NOT_TOO_DEEP;
    }
    // The arguments stay in registers only if no path drops them, see `slow_path_copy`. If we unwind here, the
    // caller's domain is dead and its reclaim frees them.
    let arguments = ManuallyDrop::new(arguments);
    let below = thread.top();
    let caller = match from {
        None => thread.owner(),
        // SAFETY: a frame of the thread's chain.
        Some(from) => unsafe { from.as_ref() }.map_or(Owner::HOST, Frame::owner),
    };
    let counter = control::counter(target.index(), thread.shard());
    let activation = Activation::new(target, from.unwrap_or(below));
    // The activation goes on the chain before the entry is counted and comes off after the exit is counted. So a cut
    // finds the thread either outside this call, with no entry of it open, or with the activation on top. While the
    // activation is on top, nothing outside `catch` is cut (see `contain`).
    // SAFETY: the activation lives until this function returns, and each path takes it off before that. The thread
    // does nothing on the target's behalf before the entry is let in (ORDER-33).
    unsafe { thread.set_top((&raw const activation).cast()) };
    counter.entries.fetch_add(1, SeqCst);
    if target.block().word() != target.expected() {
        leave(thread, counter, below);
        refuse(thread, target);
        return Err(Failure::Refused(ManuallyDrop::into_inner(arguments)));
    }
    let asks = METERED && (A::NESTED || R::NESTED);
    if A::NESTED || asks {
        // The code that follows calls functions. If a caller has inlined this function into a `catch` of its own, a
        // cut in one of those functions would land in that `catch`; the mark prevents the cut. Without quotas, plain
        // arguments need no mark, since no function is called for them.
        activation.enter();
    }
    if asks && !admits::<A, R>(caller, target.owner(), &*arguments) {
        leave(thread, counter, below);
        refuse(thread, target);
        *refusal = Refusal::OverQuota;
        return Err(Failure::Refused(ManuallyDrop::into_inner(arguments)));
    }
    if A::NESTED {
        // SAFETY: the arguments go to `body`, which is the target's code (OWN-1, OWN-3).
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
            // The exit is counted inside `catch`, so that the result is moved after that locked addition. The callee
            // wrote the result in parts and a move reads it in wider words, which stalls until the parts have reached
            // the cache. After the addition they have reached it. Nothing here panics, and from `cross` on nothing is
            // cut.
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
                // SAFETY: the result goes to the caller (OWN-1, OWN-3).
                result.transfer(&unsafe { Transfer::to(caller) });
                leave(thread, counter, below);
            }
            Ok(ManuallyDrop::into_inner(result))
        }
        Err(payload) => {
            // The activation is marked already, by the cut or by `Unwound`, so nothing here is cut. This takes out
            // the mark, which holds the time used after a panic, and sets the mark of the way out.
            let had = activation.word_and_used.replace(CROSSING);
            crashed(&activation, had, target, payload);
            leave(thread, counter, below);
            Err(Failure::Crashed)
        }
    };
    // If we unwind here, the caller's domain is dead and its reclaim frees the result.
    let result = ManuallyDrop::new(result);
    after_exit(target);
    if from.is_none() {
        return_to_caller(thread, caller);
    }
    ManuallyDrop::into_inner(result)
}
