//! What generated proxies call: enter, run the method, come back.

use crate::flatten::FromRpc;
use crate::source::{Source, repeat};
use crate::{Proxy, Shadow, recorded};
use samara_domain_runtime::call::{Failure, enter};
use samara_domain_runtime::service::Instance;
use samara_domain_runtime::{Interface, RpcError, exports};
use samara_rref::{AllocError, Exchangeable, Lend};

/// The compile-time check that `#[interface]` writes for every borrowed argument.
#[inline]
pub const fn assert_lend<T: ?Sized + Lend>() {
    const { T::LENDABLE }
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
/// is lent for the call.
// Always: the instance would else be passed through memory, several cycles on the way that everybody
// takes. The ways that few take go through `enter_again`.
#[inline(always)]
unsafe fn enter_instance<I: ?Sized + Interface, A: Exchangeable, R: Exchangeable>(
    instance: Instance<I>,
    arguments: A,
    body: impl FnOnce(&I, A) -> R,
) -> Result<R, Failure<A>> {
    if R::NESTED && exports::has_posted(instance.target().block()) {
        // It may hand out objects: it drops first those that nobody has any more.
        exports::collect(instance.target().block());
    }
    let method = |arguments| {
        // SAFETY: the entry was let in, so the generation is alive, and with it the object: it is the
        // one that its `init` returned, or an export that a proxy of the caller's keeps.
        body(unsafe { instance.object().as_ref() }, arguments)
    };
    // SAFETY: the method is the target's own code; the rest is the caller's word.
    unsafe { enter(instance.target(), arguments, method) }
}

/// [`enter_instance`] where time does not matter: not expanded in place.
///
/// # Safety
/// As [`enter_instance`].
#[inline(never)]
pub(crate) unsafe fn enter_again<I: ?Sized + Interface, A: Exchangeable, R: Exchangeable>(
    instance: Instance<I>,
    arguments: A,
    body: impl FnOnce(&I, A) -> R,
) -> Result<R, Failure<A>> {
    // SAFETY: handed on.
    unsafe { enter_instance(instance, arguments, body) }
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
    // SAFETY: handed on; all that is captured may be lent.
    match unsafe { enter_instance(proxy.instance(), arguments, body) } {
        Ok(result) => result,
        // SAFETY: handed on.
        Err(failure) => unsafe { failed(proxy, failure, again, body) },
    }
}

/// What a call gets, it gets as arguments: moved, or lent and asked whether it may be.
const fn assert_body<L: Loan, F>() {
    let () = L::LENDABLE;
    assert!(size_of::<F>() == 0, "the body of a call captures nothing");
}

/// # Safety
/// As [`invoke`].
#[cold]
unsafe fn failed<I: ?Sized + Interface, A: Exchangeable, R: FromRpc>(
    proxy: &Proxy<I>,
    failure: Failure<A>,
    again: impl Fn() -> Option<Result<A, AllocError>>,
    body: impl Fn(&I, A) -> R,
) -> R {
    let dead = proxy.instance().target();
    match (proxy.recovery(), failure) {
        // The arguments never left: they are dropped here, as the caller's.
        (None, Failure::Refused(_)) => R::from_rpc(RpcError::Dead),
        (None, Failure::Crashed) => R::from_rpc(RpcError::Crashed),
        // SAFETY: handed on.
        (Some(recovery), failure) => unsafe { repeat(&**recovery, dead, failure, again, body) },
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
    let instance = shadow.service().instance();
    // SAFETY: handed on; all that is captured may be lent.
    match unsafe { enter_instance(instance, arguments, body) } {
        Ok(result) => result,
        // SAFETY: handed on.
        Err(failure) => unsafe {
            repeat(&**shadow.service(), instance.target(), failure, again, body)
        },
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
        None => unsafe { invoke_once(proxy, arguments, body) },
    }
}

/// One call through a proxy that does not recover, of a method that is lent nothing.
///
/// # Safety
/// As [`invoke_replay`].
pub(crate) unsafe fn invoke_once<I, A, R>(
    proxy: &Proxy<I>,
    arguments: A,
    body: impl Fn(&I, A) -> R + 'static,
) -> R
where
    I: ?Sized + Interface,
    A: Exchangeable,
    R: FromRpc,
{
    // SAFETY: handed on.
    match unsafe { enter_instance(proxy.instance(), arguments, &body) } {
        Ok(result) => result,
        // SAFETY: handed on.
        Err(failure) => unsafe { failed(proxy, failure, || None, body) },
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
