//! The functions that generated methods call. They enter the domain, run the method and return its result. If the
//! handle recovers, they repeat that after a failure.

use crate::checks::{Loan, assert_body};
use crate::enter::enter_instance;
use crate::flatten::FromRpc;
use crate::handle::Handle;
use crate::proxy::Proxy;
#[cfg(feature = "alloc")]
use crate::retry::call_with_retry;
#[cfg(feature = "alloc")]
use crate::source::{Attempts, Source};
#[cfg(feature = "alloc")]
use crate::{open, replay};
use core::mem::ManuallyDrop;
use samara_domain_runtime::call::{Failure, Refusal, Target, is_marked, slow_path_copy};
use samara_domain_runtime::stack::is_short;
use samara_domain_runtime::{Interface, RpcError};
use samara_rref::{AllocError, Exchangeable};
use samara_shared_heap::thread::{self, ThreadSlot};

/// Makes one call through a handle. If the handle recovers, a call that never began is repeated with its arguments
/// after the restart. A call that was cut short is repeated only if `again` returns new arguments.
///
/// # Safety
/// `body` calls one method of the interface on the object that it is given.
#[inline]
pub unsafe fn invoke<I, H, A, L, R, F>(
    handle: &H,
    arguments: A,
    lent: L,
    again: impl Fn() -> Option<Result<A, AllocError>>,
    body: F,
) -> R
where
    I: ?Sized + Interface,
    H: Handle<I>,
    A: Exchangeable,
    L: Loan,
    R: FromRpc,
    F: Fn(&I, A, L) -> R,
{
    const { assert_body::<L, F>() };
    let body = |object: &I, arguments| body(object, arguments, lent);
    let prefetch = handle.prefetch();
    // The compiler must assume that the host's hook unwinds, which would drop the arguments: see `slow_path_copy`.
    let arguments = ManuallyDrop::new(arguments);
    let thread = thread::current();
    let arguments = ManuallyDrop::into_inner(arguments);
    if handle.asks_first() || needs_slow_path::<A, R>(thread, handle.instance(prefetch).target()) {
        // SAFETY: handed on; all captures may be lent.
        return unsafe { invoke_slow(handle, slow_path_copy(arguments), again, body) };
    }
    let instance = handle.instance(prefetch);
    let mut refusal = Refusal::Dead;
    let parts = |object: &I, arguments| body(object, arguments).into_parts();
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
        Ok(parts) => R::from_parts(parts),
        // The handle's type decides this at compile time, so a call that is never repeated keeps nothing for another
        // attempt.
        Err(failure) if !H::RECOVERS => failed(failure, refusal),
        Err(failure) => {
            let dead = instance.target();
            // SAFETY: as above.
            unsafe { after_failure(handle, dead, slow_path_copy(failure), refusal, again, body) }
        }
    }
}

/// Whether a quota must be asked, posted objects must be dropped, or the stack is short.
#[inline(always)]
fn needs_slow_path<A: Exchangeable, R: FromRpc>(thread: &ThreadSlot, target: Target) -> bool {
    is_short::<fn(A) -> R::Parts>(thread, target) || is_marked::<A, R>(thread, target)
}

/// Makes one call for which the fast path is not enough: the handle must first ask for its newest object, a quota
/// must be asked, posted objects must be dropped, or the stack is short. The whole call is out of line, see
/// [`call_with_retry`].
///
/// # Safety
/// As [`enter_instance`].
#[cold]
#[inline(never)]
unsafe fn invoke_slow<I: ?Sized + Interface, H: Handle<I>, A: Exchangeable, R: FromRpc>(
    handle: &H,
    arguments: A,
    again: impl Fn() -> Option<Result<A, AllocError>>,
    body: impl Fn(&I, A) -> R,
) -> R {
    #[cfg(feature = "alloc")]
    if let Some(source) = handle.source() {
        let recover = |attempts: &mut Attempts, dead, failure, refusal| {
            attempts.next(&**source, dead, failure, refusal, &again)
        };
        let (thread, instance) = (thread::current(), source.instance());
        // SAFETY: handed on.
        return unsafe {
            call_with_retry::<fn(A) -> R::Parts, _, _, _>(
                thread, None, instance, arguments, recover, &body,
            )
        };
    }
    #[cfg(not(feature = "alloc"))]
    let _ = again;
    // SAFETY: handed on.
    unsafe { invoke_once(handle, arguments, body) }
}

/// Makes one metered call through a handle that does not recover.
///
/// # Safety
/// As [`enter_instance`].
pub(crate) unsafe fn invoke_once<I: ?Sized + Interface, A: Exchangeable, R: FromRpc>(
    handle: &impl Handle<I>,
    arguments: A,
    body: impl Fn(&I, A) -> R,
) -> R {
    let instance = handle.instance(handle.prefetch());
    let mut refusal = Refusal::Dead;
    let body = |object: &I, arguments| body(object, arguments).into_parts();
    // SAFETY: handed on.
    match unsafe {
        enter_instance::<true, fn(A) -> R::Parts, I, A, R::Parts>(
            thread::current(),
            instance,
            arguments,
            body,
            &mut refusal,
        )
    } {
        Ok(parts) => R::from_parts(parts),
        Err(failure) => failed(failure, refusal),
    }
}

/// Returns the result of a failed call that is not repeated.
#[inline(always)]
fn failed<A, R: FromRpc>(failure: Failure<A>, refusal: Refusal) -> R {
    match failure {
        // The arguments never changed their owner, so they are dropped here, on the caller's behalf.
        Failure::Refused(arguments) => {
            drop(slow_path_copy(arguments));
            R::from_rpc(refusal.into())
        }
        Failure::Crashed => R::from_rpc(RpcError::Crashed),
    }
}

/// Recovers after the first attempt at a call, and goes on. The further attempts are metered, because the new
/// generation may have a quota or ask for more stack even if the dead one did not.
///
/// # Safety
/// As [`enter_instance`].
#[cold]
#[inline(never)]
unsafe fn after_failure<I: ?Sized + Interface, H: Handle<I>, A: Exchangeable, R: FromRpc>(
    handle: &H,
    dead: Target,
    failure: Failure<A>,
    refusal: Refusal,
    again: impl Fn() -> Option<Result<A, AllocError>>,
    body: impl Fn(&I, A) -> R,
) -> R {
    #[cfg(feature = "alloc")]
    if let Some(source) = handle.source() {
        let recover = |attempts: &mut Attempts, dead, failure, refusal| {
            attempts.next(&**source, dead, failure, refusal, &again)
        };
        let mut attempts = Attempts::new();
        let (instance, arguments) = match recover(&mut attempts, dead, failure, refusal) {
            Ok(next) => next,
            Err(error) => return R::from_rpc(error),
        };
        let thread = thread::current();
        // SAFETY: handed on.
        return unsafe {
            call_with_retry::<fn(A) -> R::Parts, _, _, _>(
                thread,
                Some(attempts),
                instance,
                arguments,
                recover,
                body,
            )
        };
    }
    #[cfg(not(feature = "alloc"))]
    let _ = (handle, dead, again, body);
    failed(failure, refusal)
}

/// Makes a `#[replay]` call, which is recorded if the handle recovers.
///
/// # Safety
/// As [`invoke`], and `body` captures nothing.
#[inline]
pub unsafe fn invoke_replay<I, H, A, R, F>(handle: &H, arguments: A, body: F) -> R
where
    I: ?Sized + Interface,
    H: Handle<I>,
    A: Exchangeable + Copy,
    R: FromRpc,
    F: Fn(&I, A) -> R + Copy + Send + Sync + 'static,
{
    const { assert_body::<(), F>() };
    #[cfg(feature = "alloc")]
    if let Some(source) = handle.source() {
        // SAFETY: handed on.
        return unsafe { replay::call_and_record(&**source, arguments, body) };
    }
    // SAFETY: handed on.
    unsafe { invoke_once(handle, arguments, body) }
}

/// Makes a `#[replay]` call that hands out an object. The object's proxy recovers if the handle does.
///
/// # Safety
/// As [`invoke_replay`].
pub unsafe fn invoke_open<P, H, A, I, E>(
    handle: &H,
    arguments: A,
    body: impl Fn(&P, A) -> Result<Proxy<I>, E> + Copy + Send + Sync + 'static,
) -> Result<Proxy<I>, E>
where
    P: ?Sized + Interface,
    H: Handle<P>,
    A: Exchangeable + Copy,
    I: ?Sized + Interface,
    E: Exchangeable + From<RpcError>,
{
    #[cfg(feature = "alloc")]
    if let Some(source) = handle.source() {
        // SAFETY: handed on.
        return unsafe { open::open_through(source, arguments, body) };
    }
    // SAFETY: handed on.
    unsafe { invoke_once(handle, arguments, body) }
}
