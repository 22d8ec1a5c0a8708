//! What generated proxies call: enter, run the method, come back.

use crate::{Proxy, Shadow};
use samara_domain_runtime::call::{Failure, enter};
use samara_domain_runtime::{Instance, Interface, RpcError};
use samara_rref::{AllocError, Exchangeable, Lend};

/// The compile-time check that `#[interface]` writes for every borrowed argument.
#[inline]
pub const fn assert_lend<T: ?Sized + Lend>() {}

/// A moved argument of an `#[idempotent]` method: a retry passes it again.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be passed again when an `#[idempotent]` call is repeated",
    label = "not `Copy`",
    note = "lend it as `&RRef<T>`, mark a buffer without contents `#[scratch]`, or remove `#[idempotent]`"
)]
pub trait Repeatable {}
impl<T: Copy> Repeatable for T {}

/// The compile-time check that `#[interface]` writes for every moved argument of an `#[idempotent]`
/// method.
#[inline]
pub const fn assert_repeatable<T: Repeatable>() {}

/// # Safety
/// `body` calls one method of the interface on the object that it is given, and captures only what
/// is lent for the call.
#[inline]
unsafe fn enter_instance<I: ?Sized + Interface, A: Exchangeable, R: Exchangeable>(
    instance: Instance<I>,
    arguments: A,
    body: impl FnOnce(&I, A) -> R,
) -> Result<R, Failure<A>> {
    let method = |arguments| {
        // SAFETY: the entry was let in, so the generation is alive, and with it the object that its
        // `init` returned.
        body(unsafe { instance.object().as_ref() }, arguments)
    };
    // SAFETY: the method is the target's own code; the rest is the caller's word.
    unsafe { enter(instance.target(), arguments, method) }
}

/// One call through a proxy.
///
/// # Errors
/// The domain was dead, or died.
///
/// # Safety
/// `body` calls one method of the interface on the object that it is given, and captures only what
/// is lent for the call.
#[inline]
pub unsafe fn invoke<I: ?Sized + Interface, A: Exchangeable, R: Exchangeable>(
    proxy: &Proxy<I>,
    arguments: A,
    body: impl FnOnce(&I, A) -> R,
) -> Result<R, RpcError> {
    // SAFETY: handed on.
    match unsafe { enter_instance(proxy.instance(), arguments, body) } {
        Ok(result) => Ok(result),
        // The arguments never left: they are dropped here, as the caller's.
        Err(Failure::Refused(_)) => Err(RpcError::Dead),
        Err(Failure::Crashed) => Err(RpcError::Crashed),
    }
}

/// How often one call may crash its domain before the shadow gives up on the call: a request that
/// kills whoever serves it must not use up the restarts of all.
const MAX_CRASHES: u32 = 4;

/// One call through a shadow. A call that never began is repeated with its arguments after the
/// restart; one that was cut short only if `again` makes its arguments anew.
///
/// # Errors
/// The domain died and the call may not be repeated, or the domain could not be restarted.
///
/// # Safety
/// As [`invoke`].
#[inline]
pub unsafe fn invoke_shadow<I: ?Sized + Interface, A: Exchangeable, R: Exchangeable>(
    shadow: &Shadow<I>,
    arguments: A,
    again: impl Fn() -> Option<Result<A, AllocError>>,
    body: impl Fn(&I, A) -> R,
) -> Result<R, RpcError> {
    let mut arguments = arguments;
    let mut crashes = 0;
    // Ends: a crash counts, and a refusal spends the service's restart budget or finds that another
    // thread has done so.
    loop {
        let instance = shadow.instance();
        // SAFETY: handed on.
        match unsafe { enter_instance(instance, arguments, &body) } {
            Ok(result) => return Ok(result),
            Err(Failure::Refused(back)) => {
                shadow.recover(instance)?;
                arguments = back;
            }
            Err(Failure::Crashed) => {
                shadow.recover(instance)?;
                crashes += 1;
                if crashes == MAX_CRASHES {
                    return Err(RpcError::Crashed);
                }
                arguments = again().ok_or(RpcError::Crashed)??;
            }
        }
    }
}
