//! What generated proxies call: enter, run the method, come back.

use crate::flatten::FromRpc;
use crate::source::{Attempts, Source};
use crate::{Proxy, Shadow, recorded};
use core::mem::ManuallyDrop;
use samara_domain_runtime::call::{Failure, Refusal, Target, enter_on, is_marked, slow_path_copy};
use samara_domain_runtime::stack::{Moves, is_short, to_move};
use samara_domain_runtime::{Instance, Interface, RpcError, exports};
use samara_rref::{AllocError, Exchangeable, Lend};
use samara_shared_heap::thread::{self, ThreadSlot};

/// The compile-time check that `#[interface]` writes for every borrowed argument.
#[inline]
pub const fn assert_lend<T: ?Sized + Lend>() {
    const { T::LENDABLE }
}

/// The compile-time check that `#[interface]` writes for every method: of what it moves, `A` in and `R` back.
#[inline]
pub const fn assert_moves<A, R>() {
    let _ = to_move::<A, R>();
}

/// A moved argument of an `#[idempotent]` or `#[replay]` method: a retry passes it again.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be passed again when an `#[idempotent]` call is repeated",
    label = "not `Copy`",
    note = "lend it as `&RRef<T>`, mark a buffer without contents `#[scratch]`, or remove `#[idempotent]`"
)]
pub trait Repeatable {}
impl<T: Copy> Repeatable for T {}

/// The compile-time check that `#[interface]` writes for every moved argument of a method that may be
/// repeated.
#[inline]
pub const fn assert_repeatable<T: Repeatable>() {}

/// A tuple of references that are lent for the length of a call.
///
/// Asked by the call itself, of all that its method gets besides what moves: [`assert_lend`] stands in
/// generated code, and a crate can take for itself the name by which that code reaches its checks.
///
/// # Safety
/// Every element is a reference to something that is [`Lend`], and [`LENDABLE`](Self::LENDABLE)
/// evaluates each one's.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be lent to another domain",
    label = "only `&RRef<T>`, and `&[T]` and `&str` of plain data, are lent, up to eight of them"
)]
pub unsafe trait Loan: Copy {
    /// Fails to compile if one may not be lent.
    const LENDABLE: ();
}

macro_rules! loans {
    ($($name:ident)*) => {
        // SAFETY: each element is a reference to something that may be lent, and asked for it.
        unsafe impl<$($name: ?Sized + Lend),*> Loan for ($(&$name,)*) {
            const LENDABLE: () = { $(let () = $name::LENDABLE;)* };
        }
    };
}
loans!();
loans!(A);
loans!(A B);
loans!(A B C);
loans!(A B C D);
loans!(A B C D E);
loans!(A B C D E F);
loans!(A B C D E F G);
loans!(A B C D E F G H);

/// # Safety
/// `body` calls one method of the interface on the object that it is given, and captures only what
/// is lent for the call. That method moves no more than one like `M`.
// Always: the instance would else be passed through memory, several cycles on the way that everybody
// takes. The ways that few take go through `enter_again`.
#[inline(always)]
unsafe fn enter_instance<const METERED: bool, M, I, A, R>(
    thread: &ThreadSlot,
    instance: Instance<I>,
    arguments: A,
    body: impl FnOnce(&I, A) -> R,
    refusal: &mut Refusal,
) -> Result<R, Failure<A>>
where
    M: Moves,
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
    M: Moves,
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

/// One call through a proxy. `again` makes the arguments anew, for a proxy that recovers.
///
/// # Safety
/// `body` calls one method of the interface on the object that it is given.
#[inline]
pub unsafe fn invoke<I, A, L, R, F>(
    proxy: &Proxy<I>,
    arguments: A,
    lent: L,
    again: impl Fn() -> Option<Result<A, AllocError>>,
    body: F,
) -> R
where
    I: ?Sized + Interface,
    A: Exchangeable,
    L: Loan,
    R: FromRpc,
    F: Fn(&I, A, L) -> R,
{
    const { assert_body::<L, F>() };
    let body = |object: &I, arguments| body(object, arguments, lent);
    // The host's hook could unwind, for all that the compiler knows: see `slow_path_copy`.
    let arguments = ManuallyDrop::new(arguments);
    let thread = thread::current();
    let arguments = ManuallyDrop::into_inner(arguments);
    if proxy.recovery().is_some() || is_rare::<A, R>(thread, proxy.instance().target()) {
        // SAFETY: handed on; all that is captured may be lent.
        return unsafe { invoke_rarely(proxy, slow_path_copy(arguments), again, body) };
    }
    // SAFETY: as above.
    unsafe { invoke_once::<false, I, A, R>(thread, proxy, arguments, body) }
}

/// Whether a quota has a say in the call, or the stack is short.
#[inline(always)]
fn is_rare<A: Exchangeable, R: FromRpc>(thread: &ThreadSlot, target: Target) -> bool {
    is_short::<fn(A) -> R::Parts>(thread, target) || is_marked::<A, R>(thread, target)
}

/// What a call gets, it gets as arguments: moved, or lent and asked whether it may be.
const fn assert_body<L: Loan, F>() {
    let () = L::LENDABLE;
    assert!(size_of::<F>() == 0, "the body of a call captures nothing");
}

/// One call through a proxy that does not recover.
///
/// # Safety
/// As [`enter_instance`].
#[inline(always)]
pub(crate) unsafe fn invoke_once<const METERED: bool, I, A, R>(
    thread: &ThreadSlot,
    proxy: &Proxy<I>,
    arguments: A,
    body: impl Fn(&I, A) -> R,
) -> R
where
    I: ?Sized + Interface,
    A: Exchangeable,
    R: FromRpc,
{
    let instance = proxy.instance();
    let mut refusal = Refusal::Dead;
    let body = |object: &I, arguments| body(object, arguments).apart();
    // SAFETY: handed on.
    match unsafe {
        enter_instance::<METERED, fn(A) -> R::Parts, I, A, R::Parts>(
            thread,
            instance,
            arguments,
            body,
            &mut refusal,
        )
    } {
        Ok(parts) => R::together(parts),
        // The arguments never left: they are dropped here, as the caller's.
        Err(Failure::Refused(arguments)) => {
            drop(slow_path_copy(arguments));
            R::from_rpc(refusal.into())
        }
        Err(Failure::Crashed) => R::from_rpc(RpcError::Crashed),
    }
}

/// One call through a proxy that recovers, on the newest object, or one that moves something from or to
/// a domain with a quota, or whose stack is short. Out of line as a whole, see [`until_done`].
///
/// # Safety
/// As [`enter_instance`].
#[cold]
#[inline(never)]
unsafe fn invoke_rarely<I: ?Sized + Interface, A: Exchangeable, R: FromRpc>(
    proxy: &Proxy<I>,
    arguments: A,
    again: impl Fn() -> Option<Result<A, AllocError>>,
    body: impl Fn(&I, A) -> R,
) -> R {
    let Some(recovery) = proxy.recovery() else {
        // SAFETY: handed on.
        return unsafe { invoke_once::<true, I, A, R>(thread::current(), proxy, arguments, body) };
    };
    let recover = |attempts: &mut Attempts, dead, failure, refusal| {
        attempts.next(&**recovery, dead, failure, refusal, &again)
    };
    // SAFETY: handed on.
    unsafe {
        until_done::<fn(A) -> R::Parts, _, _, _>(
            thread::current(),
            None,
            recovery.instance(),
            arguments,
            recover,
            &body,
        )
    }
}

/// One call through a shadow. A call that never began is repeated with its arguments after the
/// restart; one that was cut short only if `again` makes its arguments anew.
///
/// # Safety
/// As [`invoke`].
#[inline]
pub unsafe fn invoke_shadow<I, A, L, R, F>(
    shadow: &Shadow<I>,
    arguments: A,
    lent: L,
    again: impl Fn() -> Option<Result<A, AllocError>>,
    body: F,
) -> R
where
    I: ?Sized + Interface,
    A: Exchangeable,
    L: Loan,
    R: FromRpc,
    F: Fn(&I, A, L) -> R,
{
    const { assert_body::<L, F>() };
    let body = |object: &I, arguments| body(object, arguments, lent);
    let service = shadow.service();
    let instance = service.instance();
    let recover = |attempts: &mut Attempts, dead, failure, refusal| {
        attempts.next(&**service, dead, failure, refusal, &again)
    };
    // As in `invoke`.
    let arguments = ManuallyDrop::new(arguments);
    let thread = thread::current();
    let arguments = ManuallyDrop::into_inner(arguments);
    if is_rare::<A, R>(thread, instance.target()) {
        // SAFETY: handed on; all that is captured may be lent.
        return unsafe { metered_until_done(&**service, slow_path_copy(arguments), recover, body) };
    }
    let mut refusal = Refusal::Dead;
    let parts = |object: &I, arguments| body(object, arguments).apart();
    // SAFETY: as above.
    match unsafe {
        enter_instance::<false, fn(A) -> R::Parts, I, A, R::Parts>(
            thread,
            instance,
            arguments,
            parts,
            &mut refusal,
        )
    } {
        Ok(parts) => R::together(parts),
        Err(failure) => {
            let dead = instance.target();
            // SAFETY: as above.
            unsafe { after_failure(dead, slow_path_copy(failure), refusal, recover, body) }
        }
    }
}

/// Recovers after the first attempt at a call, and goes on. Metered: whoever answers now may have a quota, or ask for
/// more stack, where the dead one did not.
///
/// # Safety
/// As [`enter_instance`].
#[cold]
#[inline(never)]
unsafe fn after_failure<I: ?Sized + Interface, A: Exchangeable, R: FromRpc>(
    dead: Target,
    failure: Failure<A>,
    refusal: Refusal,
    recover: impl Fn(&mut Attempts, Target, Failure<A>, Refusal) -> Result<(Instance<I>, A), RpcError>,
    body: impl Fn(&I, A) -> R,
) -> R {
    let mut attempts = Attempts::new();
    match recover(&mut attempts, dead, failure, refusal) {
        Ok((instance, arguments)) => {
            let thread = thread::current();
            // SAFETY: handed on.
            unsafe {
                until_done::<fn(A) -> R::Parts, _, _, _>(
                    thread,
                    Some(attempts),
                    instance,
                    arguments,
                    recover,
                    body,
                )
            }
        }
        Err(error) => R::from_rpc(error),
    }
}

/// [`until_done`] for calls that move something from or to a domain with a quota, or whose stack is short.
///
/// # Safety
/// As [`enter_instance`].
#[cold]
#[inline(never)]
unsafe fn metered_until_done<I: ?Sized + Interface, A: Exchangeable, R: FromRpc>(
    source: &impl Source<I>,
    arguments: A,
    recover: impl Fn(&mut Attempts, Target, Failure<A>, Refusal) -> Result<(Instance<I>, A), RpcError>,
    body: impl Fn(&I, A) -> R,
) -> R {
    // SAFETY: handed on.
    unsafe {
        until_done::<fn(A) -> R::Parts, _, _, _>(
            thread::current(),
            None,
            source.instance(),
            arguments,
            recover,
            body,
        )
    }
}

/// Calls, and repeats the call as long as `recover` says where and with what, which counts in `attempts`: there are none before
/// the first failure, so that a call without one has nothing to write there. The method is called at one place only: a result
/// that came from two would be moved on as a whole, read wider than the callee wrote it, which stalls.
///
/// # Safety
/// As [`enter_instance`].
#[inline(always)]
pub(crate) unsafe fn until_done<M, I, A, R>(
    thread: &ThreadSlot,
    mut attempts: Option<Attempts>,
    mut instance: Instance<I>,
    mut arguments: A,
    mut recover: impl FnMut(
        &mut Attempts,
        Target,
        Failure<A>,
        Refusal,
    ) -> Result<(Instance<I>, A), RpcError>,
    body: impl Fn(&I, A) -> R,
) -> R
where
    M: Moves,
    I: ?Sized + Interface,
    A: Exchangeable,
    R: FromRpc,
{
    let body = |object: &I, arguments| body(object, arguments).apart();
    loop {
        let mut refusal = Refusal::Dead;
        // SAFETY: handed on.
        match unsafe {
            enter_instance::<true, M, I, A, R::Parts>(
                thread,
                instance,
                arguments,
                &body,
                &mut refusal,
            )
        } {
            Ok(parts) => return R::together(parts),
            Err(failure) => {
                let attempts = attempts.get_or_insert_with(Attempts::new);
                match recover(attempts, instance.target(), failure, refusal) {
                    Ok(next) => (instance, arguments) = next,
                    Err(error) => return R::from_rpc(error),
                }
            }
        }
    }
}

/// A `#[replay]` call through a proxy: recorded if the proxy recovers.
///
/// # Safety
/// As [`invoke`], and `body` captures nothing.
#[inline]
pub unsafe fn invoke_replay<I, A, R, F>(proxy: &Proxy<I>, arguments: A, body: F) -> R
where
    I: ?Sized + Interface,
    A: Exchangeable + Copy,
    R: FromRpc,
    F: Fn(&I, A) -> R + Copy + Send + Sync + 'static,
{
    const { assert_body::<(), F>() };
    match proxy.recovery() {
        // SAFETY: handed on.
        Some(recovery) => unsafe { recorded::call(&**recovery, arguments, body) },
        // SAFETY: handed on.
        None => unsafe { invoke_once::<true, I, A, R>(thread::current(), proxy, arguments, body) },
    }
}

/// A `#[replay]` call through a shadow: recorded.
///
/// # Safety
/// As [`invoke_replay`].
#[inline]
pub unsafe fn replay_shadow<I, A, R, F>(shadow: &Shadow<I>, arguments: A, body: F) -> R
where
    I: ?Sized + Interface,
    A: Exchangeable + Copy,
    R: FromRpc,
    F: Fn(&I, A) -> R + Copy + Send + Sync + 'static,
{
    const { assert_body::<(), F>() };
    // SAFETY: handed on.
    unsafe { recorded::call(&**shadow.service(), arguments, body) }
}
