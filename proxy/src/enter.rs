//! One entry into the domain of an object.

use samara_domain_runtime::call::{Failure, Refusal, enter_on};
use samara_domain_runtime::stack::CallSignature;
use samara_domain_runtime::{Instance, Interface, exports};
use samara_rref::Exchangeable;
#[cfg(feature = "alloc")]
use samara_shared_heap::thread;
use samara_shared_heap::thread::ThreadSlot;

/// # Safety
/// `body` calls one method of the interface on the object that it is given, and captures only what
/// is lent for the call. That method moves no more than one like `M`.
// Always: the instance would else be passed through memory, several cycles on the way that everybody
// takes. The ways that few take go through `enter_again`.
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
    // Apart, so that they stay in registers.
    let (target, object) = (instance.target(), instance.object());
    if METERED && R::NESTED && exports::has_posted(target.owner()) {
        // It may hand out objects: it drops first those that nobody has any more.
        exports::collect_of(target);
    }
    let method = move |arguments| {
        // SAFETY: the entry was let in, so the generation is alive, and with it the object: it is the
        // one that its `init` returned, or an export that a proxy of the caller's keeps.
        body(unsafe { object.as_ref() }, arguments)
    };
    // SAFETY: the method is the target's own code; the rest is the caller's word.
    unsafe { enter_on::<METERED, M, A, R>(thread, target, arguments, method, refusal) }
}

/// [`enter_instance`] where time does not matter: not expanded in place. Why it was refused, if it was, stands
/// beside the failure.
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
