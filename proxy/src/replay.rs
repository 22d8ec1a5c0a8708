//! `#[replay]`: calls that are recorded, and made again after a restart.

use crate::enter::enter_again;
use crate::flatten::FromRpc;
use crate::source::{Attempts, Source};
use alloc::sync::Arc;
use core::marker::PhantomData;
use core::ptr;
use samara_domain_runtime::call::{Failure, call_opaque};
use samara_domain_runtime::host_charges::{self, Payer};
use samara_domain_runtime::journal::Replay;
use samara_domain_runtime::stack::CallSignature;
use samara_domain_runtime::{Instance, Interface, RpcError};
use samara_rref::Exchangeable;

/// A recorded call with its arguments.
struct Recorded<A, F, R> {
    arguments: A,
    body: F,
    gives: PhantomData<fn() -> R>,
}

// SAFETY: the arguments are `Copy` and exchangeable: plain data without cells, borrows or pointers (EXPORT-16).
unsafe impl<A: Exchangeable + Copy, F: Sync, R> Sync for Recorded<A, F, R> {}

// SAFETY: its fields have no destructor, and it enters the domain only with a method of the interface (AUTH-5).
unsafe impl<I, A, F, R> Replay<I> for Recorded<A, F, R>
where
    I: ?Sized + Interface,
    A: Exchangeable + Copy,
    F: Fn(&I, A) -> R + Copy + Send + Sync,
    R: FromRpc,
{
    fn replay(&self, instance: Instance<I>) -> Result<(), RpcError> {
        // The arguments are read from the record inside the call, and the result is dropped there. So neither lies in
        // the frames of the host's code that replays. The entry has checked that the stack has room for the copies
        // inside.
        let did = |object: &I, ()| call_opaque(|| (self.body)(object, self.arguments).is_ok());
        // SAFETY: the code that recorded the call vouched for the body.
        match unsafe { enter_again::<fn(A) -> R, _, _, _>(instance, (), did) } {
            Ok(true) => Ok(()),
            Ok(false) => Err(RpcError::RecoveryFailed),
            Err((Failure::Refused(()), refusal)) => Err(refusal.into()),
            Err((Failure::Crashed, _)) => Err(RpcError::Crashed),
        }
    }

    fn moves(&self) -> usize {
        <fn(A) -> R as CallSignature>::BYTES
    }
}

impl<A: Exchangeable + Copy, F: Copy, R> Recorded<A, F, R> {
    /// Makes the record of a call, as the host. `arguments` are copied straight to the heap, since the stack may not
    /// have room for another copy.
    fn keep(arguments: &A, body: F) -> Arc<Self> {
        const { assert!(size_of::<F>() == 0, "the body of a call captures nothing") };
        let mut record = Arc::<Self>::new_uninit();
        // No other reference to it exists yet.
        if let Some(place) = Arc::get_mut(&mut record) {
            let place = place.as_mut_ptr();
            // SAFETY: a field of the record's memory.
            let at = unsafe { &raw mut (*place).arguments };
            // SAFETY: the arguments are `Copy`, and the memory is of their type.
            unsafe { ptr::copy_nonoverlapping(arguments, at, 1) };
            // SAFETY: as above.
            let at = unsafe { &raw mut (*place).body };
            // SAFETY: as above.
            unsafe { at.write(body) };
        }
        // SAFETY: arguments and body were written; the rest has no size.
        unsafe { record.assume_init() }
    }
}

/// Makes a call and, if it returned `Ok`, records it on behalf of the domain that makes it. The call is made again if
/// it was cut short, or if the domain was restarted between the end of the call and its recording.
///
/// # Safety
/// As for [`invoke_replay`](crate::invoke::invoke_replay).
pub(crate) unsafe fn call_and_record<I, A, R>(
    source: &impl Source<I>,
    arguments: A,
    body: impl Fn(&I, A) -> R + Copy + Send + Sync + 'static,
) -> R
where
    I: ?Sized + Interface,
    A: Exchangeable + Copy,
    R: FromRpc,
{
    let mut attempts = None;
    let payer = Payer::current();
    loop {
        let bytes = host_charges::shared::<Recorded<A, (), R>>();
        let admission = source.with_journal(|journal| journal.admit(payer, bytes));
        // No calls are recorded for an object whose opener has ended, because that object no longer recovers.
        let admission = match admission.transpose() {
            Ok(admission) => admission,
            Err(error) => return R::from_rpc(error),
        };
        let instance = source.instance();
        // SAFETY: handed on.
        let (failure, refusal) =
            match unsafe { enter_again::<fn(A) -> R, _, _, _>(instance, arguments, body) } {
                Ok(result) if !result.is_ok() => return result,
                Ok(result) => {
                    let Some(admission) = admission else {
                        return result;
                    };
                    let recorded = source.with_journal(|journal| {
                        let call = Recorded::<A, _, R>::keep(&arguments, body);
                        journal.record(admission, call)
                    });
                    if recorded != Some(false) {
                        return result;
                    }
                    // A server may die after each answer and be restarted by other callers. So this counts as an
                    // attempt, and the call is not repeated forever.
                    match attempts.get_or_insert_with(Attempts::new).in_vain() {
                        Ok(()) => continue,
                        Err(error) => return R::from_rpc(error),
                    }
                }
                Err(failure) => failure,
            };
        let again = || Some(Ok(arguments));
        let attempts = attempts.get_or_insert_with(Attempts::new);
        if let Err(error) = attempts.next(source, instance.target(), failure, refusal, again) {
            return R::from_rpc(error);
        }
    }
}
