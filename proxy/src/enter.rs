//! One entry into the domain of an object.

use samara_domain_runtime::call::{Failure, Refusal, enter_on};
use samara_domain_runtime::stack::CallSignature;
use samara_domain_runtime::{Instance, Interface, exports};
use samara_rref::Exchangeable;
#[cfg(feature = "alloc")]
use samara_shared_heap::thread;
use samara_shared_heap::thread::ThreadSlot;

/// # Safety
/// `body` calls one method of the interface on the object that it is given, and captures only values that are lent
/// for the call. That method moves no more than a call of the signature `M`.
// Always inlined: otherwise the instance would be passed through memory, which costs several cycles on the fast path.
// The slow paths go through `enter_again`.
#[inline(always)]
pub(crate) unsafe fn enter_instance<const METERED: bool, M, I, A, R>(
    thread: &ThreadSlot,
    instance: Instance<I>,
    arguments: A,
    body: impl FnOnce(&I, A) -> R,
    refusal: &mut Refusal,
) -> Result<R, Failure<A>>
where
    M: CallSignature,
    I: ?Sized + Interface,
    A: Exchangeable,
    R: Exchangeable,
{
    // The instance is taken apart, so that both parts stay in registers.
    let (target, object) = (instance.target(), instance.object());
    if METERED && R::NESTED && exports::has_posted(target.owner()) {
        // The call may hand out objects, so the domain first drops those that have no proxy any more.
        exports::collect_of(target);
    }
    let method = move |arguments| {
        // SAFETY: the entry was let in, so the generation is alive, and with it the object: either its `init`
        // returned the object, or it is an export that the caller's proxy keeps (LIFE-1, EXPORT-2).
        body(unsafe { object.as_ref() }, arguments)
    };
    // SAFETY: the method is the target's own code; the caller vouches for the rest (AUTH-1).
    unsafe { enter_on::<METERED, M, A, R>(thread, target, arguments, method, refusal) }
}

/// [`enter_instance`] for slow paths: not inlined. If the entry was refused, the reason is returned beside the
/// failure.
///
/// # Safety
/// As [`enter_instance`].
#[cfg(feature = "alloc")]
#[inline(never)]
pub(crate) unsafe fn enter_again<M, I, A, R>(
    instance: Instance<I>,
    arguments: A,
    body: impl FnOnce(&I, A) -> R,
) -> Result<R, (Failure<A>, Refusal)>
where
    M: CallSignature,
    I: ?Sized + Interface,
    A: Exchangeable,
    R: Exchangeable,
{
    let mut refusal = Refusal::Dead;
    let thread = thread::current();
    // SAFETY: handed on.
    unsafe { enter_instance::<true, M, I, A, R>(thread, instance, arguments, body, &mut refusal) }
        .map_err(|failure| (failure, refusal))
}
