//! Calls that are repeated on the next object when their domain has died.

use crate::enter::enter_instance;
use crate::flatten::FromRpc;
use crate::source::Attempts;
use samara_domain_runtime::call::{Failure, Refusal, Target};
use samara_domain_runtime::stack::CallSignature;
use samara_domain_runtime::{Instance, Interface, RpcError};
use samara_rref::Exchangeable;
use samara_shared_heap::thread::ThreadSlot;

/// Makes a call, and repeats it as long as `recover` returns an object and arguments for another attempt. `recover`
/// counts the attempts in `attempts`, which is `None` before the first failure, so that a call that succeeds writes
/// nothing there. The method is called at one place only. A result that could come from two places would be moved as
/// a whole, by reads that are wider than the callee's writes and so stall.
///
/// # Safety
/// As [`enter_instance`].
#[inline(always)]
pub(crate) unsafe fn call_with_retry<M, I, A, R>(
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
    M: CallSignature,
    I: ?Sized + Interface,
    A: Exchangeable,
    R: FromRpc,
{
    let body = |object: &I, arguments| body(object, arguments).into_parts();
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
            Ok(parts) => return R::from_parts(parts),
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
