//! `#[replay]`: calls that are recorded, and made again after a restart.

use crate::flatten::FromRpc;
use crate::invoke::enter_again;
use crate::source::{Attempts, Source};
use alloc::sync::Arc;
use core::marker::PhantomData;
use samara_domain_runtime::call::Failure;
use samara_domain_runtime::journal::Replay;
use samara_domain_runtime::kept::{self, Payer};
use samara_domain_runtime::{Instance, Interface, RpcError};
use samara_rref::Exchangeable;

/// A call with its arguments.
struct Recorded<A, F, R> {
    arguments: A,
    body: F,
    gives: PhantomData<fn() -> R>,
}

// SAFETY: the arguments are `Copy` and exchangeable: plain data without cells, borrows or pointers.
unsafe impl<A: Exchangeable + Copy, F: Sync, R> Sync for Recorded<A, F, R> {}

// SAFETY: what it holds has no destructor, and it enters the domain with a method of the interface.
unsafe impl<I, A, F, R> Replay<I> for Recorded<A, F, R>
where
    I: ?Sized + Interface,
    A: Exchangeable + Copy,
    F: Fn(&I, A) -> R + Copy + Send + Sync,
    R: FromRpc,
{
    fn replay(&self, instance: Instance<I>) -> Result<(), RpcError> {
        // SAFETY: whoever recorded the call vouched for the body.
        match unsafe { enter_again(instance, self.arguments, self.body) } {
            Ok(result) if result.is_ok() => Ok(()),
            Ok(_) => Err(RpcError::RecoveryFailed),
            Err((Failure::Refused(_), refusal)) => Err(refusal.into()),
            Err((Failure::Crashed, _)) => Err(RpcError::Crashed),
        }
    }
}

/// Makes a call and, if it gave `Ok`, records it on behalf of the domain that makes it. It is made again if it was cut short, or if the domain
/// was restarted between its end and its being recorded.
///
/// # Safety
/// As for [`invoke_replay`](crate::invoke::invoke_replay).
pub(crate) unsafe fn call<I, A, R>(
    source: &impl Source<I>,
    arguments: A,
    body: impl Fn(&I, A) -> R + Copy + Send + Sync + 'static,
) -> R
where
    I: ?Sized + Interface,
    A: Exchangeable + Copy,
    R: FromRpc,
{
    let mut attempts = Attempts::new();
    let payer = Payer::current();
    loop {
        let bytes = kept::shared::<Recorded<A, (), R>>();
        let admission = source.with_journal(|journal| journal.admit(payer, bytes));
        // An object whose opener has ended is an ordinary one: nothing is recorded of it.
        let admission = match admission.transpose() {
            Ok(admission) => admission,
            Err(error) => return R::from_rpc(error),
        };
        let instance = source.instance();
        // SAFETY: handed on.
        let (failure, refusal) = match unsafe { enter_again(instance, arguments, body) } {
            Ok(result) if !result.is_ok() => return result,
            Ok(result) => {
                let Some(admission) = admission else {
                    return result;
                };
                let recorded = source.with_journal(|journal| {
                    let call = Recorded {
                        arguments,
                        body,
                        gives: PhantomData::<fn() -> R>,
                    };
                    journal.record(admission, Arc::new(call))
                });
                if recorded != Some(false) {
                    return result;
                }
                // A server that dies behind its answers, with others to restart it, is not asked for ever.
                match attempts.in_vain() {
                    Ok(()) => continue,
                    Err(error) => return R::from_rpc(error),
                }
            }
            Err(failure) => failure,
        };
        let again = || Some(Ok(arguments));
        if let Err(error) = attempts.next(source, instance.target(), failure, refusal, again) {
            return R::from_rpc(error);
        }
    }
}
