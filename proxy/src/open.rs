//! `#[replay]` methods that hand out an object. The proxy of such an object recovers.

use crate::proxy::Proxy;
use crate::recovery::{Open, Recovery};
use crate::retry::call_with_retry;
use crate::source::{Attempts, Source};
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::marker::PhantomData;
use core::ptr;
use samara_domain_runtime::call::call_opaque;
use samara_domain_runtime::host_charges::{self, Payer};
use samara_domain_runtime::stack::CallSignature;
use samara_domain_runtime::{Interface, RpcError};
use samara_rref::Exchangeable;
use samara_shared_heap::thread::{self, NoCut};

/// The most objects that may be opened in a chain, each through the one before. A recovery and a drop follow the
/// whole chain on the running thread's stack, and a server that hands out dead objects costs attempts at every link.
const DEPTH: usize = 4;

/// The call that opens an object: its target and its arguments.
struct Opening<P: ?Sized, S, A, F> {
    source: Arc<S>,
    arguments: A,
    body: F,
    of: PhantomData<fn(&P)>,
}

// SAFETY: the arguments are `Copy` and exchangeable: plain data without cells, borrows or pointers (EXPORT-16).
unsafe impl<P: ?Sized, S: Send + Sync, A: Exchangeable + Copy, F: Sync> Sync
    for Opening<P, S, A, F>
{
}

impl<P: ?Sized, S, A: Exchangeable + Copy, F> Opening<P, S, A, F> {
    /// Makes an opening on the heap, as the host. `arguments` are copied straight to the heap, since the stack may
    /// not have room for another copy.
    fn keep(source: Arc<S>, arguments: &A, body: F) -> Box<Self> {
        let mut opening = Box::<Self>::new_uninit();
        let place = opening.as_mut_ptr();
        // SAFETY: a field of the box's memory.
        let at = unsafe { &raw mut (*place).source };
        // SAFETY: as above.
        unsafe { at.write(source) };
        // SAFETY: as above.
        let at = unsafe { &raw mut (*place).arguments };
        // SAFETY: the arguments are `Copy`, and the memory is of their type.
        unsafe { ptr::copy_nonoverlapping(arguments, at, 1) };
        // SAFETY: as above.
        let at = unsafe { &raw mut (*place).body };
        // SAFETY: as above.
        unsafe { at.write(body) };
        // SAFETY: all fields that have a size were written.
        unsafe { opening.assume_init() }
    }
}

impl<P, S, A, F, I, E> Open<I> for Opening<P, S, A, F>
where
    P: ?Sized + Interface,
    S: Source<P>,
    A: Exchangeable + Copy,
    F: Fn(&P, A) -> Result<Proxy<I>, E> + Copy + Send + Sync,
    I: ?Sized + Interface,
    E: Exchangeable + From<RpcError>,
{
    fn open(&self, attempts: &mut Attempts) -> Result<Proxy<I>, RpcError> {
        // The caller's error type has no place for the server's own error, so that error is dropped inside the call.
        // The closure returns an `RpcError` and does not convert it to `E`, because that conversion is the
        // interface's code, and the thread acts for the host. The arguments are read from the heap inside the call,
        // so no copy lies in the frames of the host's code that opens the object. The entry has checked that the
        // stack has room for the copies inside.
        let body = |object: &P, ()| {
            call_opaque(|| {
                (self.body)(object, self.arguments).map_err(|_| RpcError::RecoveryFailed)
            })
        };
        // SAFETY: the code that first opened the object vouched for the body.
        let opened = unsafe {
            attempt::<fn(A) -> Result<Proxy<I>, E>, _, _, _, _>(
                &*self.source,
                (),
                Some(attempts),
                body,
            )
        };
        opened.map_err(|error| match error {
            // In this case the call has failed before the server answered.
            RpcError::StackExhausted => error,
            _ => RpcError::RecoveryFailed,
        })
    }
}

/// Opens an object, as part of the call to which `attempts` belong, or as a call of its own.
///
/// # Safety
/// As for [`open_through`].
unsafe fn attempt<M, P, A, I, E>(
    source: &impl Source<P>,
    arguments: A,
    mut attempts: Option<&mut Attempts>,
    body: impl Fn(&P, A) -> Result<Proxy<I>, E> + Copy,
) -> Result<Proxy<I>, E>
where
    M: CallSignature,
    P: ?Sized + Interface,
    A: Exchangeable + Copy,
    I: ?Sized + Interface,
    E: Exchangeable + From<RpcError>,
{
    let again = || Some(Ok(arguments));
    let recover = |own: &mut Attempts, dead, failure, refusal| {
        let attempts = attempts.as_deref_mut().unwrap_or(own);
        attempts.next(source, dead, failure, refusal, again)
    };
    // SAFETY: handed on.
    unsafe {
        call_with_retry::<M, _, _, _>(
            thread::current(),
            None,
            source.instance(),
            arguments,
            recover,
            body,
        )
    }
}

/// Opens an object through `source`, and wraps its proxy. A proxy that already recovers is returned as it is.
///
/// # Safety
/// As for [`invoke_replay`](crate::invoke::invoke_replay).
pub(crate) unsafe fn open_through<P, A, I, E>(
    source: &Arc<impl Source<P>>,
    arguments: A,
    body: impl Fn(&P, A) -> Result<Proxy<I>, E> + Copy + Send + Sync + 'static,
) -> Result<Proxy<I>, E>
where
    P: ?Sized + Interface,
    A: Exchangeable + Copy,
    I: ?Sized + Interface,
    E: Exchangeable + From<RpcError>,
{
    let depth = source.depth() + 1;
    if depth > DEPTH {
        return Err(RpcError::ReplayLogFull.into());
    }
    let kept = Recovery::<I>::BYTES + host_charges::block::<Opening<P, (), A, ()>>();
    let charge = Payer::current().charge(kept)?;
    // SAFETY: handed on.
    let proxy = unsafe {
        attempt::<fn(A) -> Result<Proxy<I>, E>, _, _, _, _>(&**source, arguments, None, body)
    }?;
    if proxy.recovers() {
        return Ok(proxy);
    }
    let wrap = || {
        // SAFETY: the object goes into the recovery, which is the host's.
        let object = unsafe { proxy.unslotted() }?;
        let opening = Opening::keep(Arc::clone(source), &arguments, body);
        Some(Recovery::new(object, opening, depth, charge))
    };
    let opened = {
        // The host's part of the object has no slot yet: a cut would leak it.
        // SAFETY: released at the end of this block; until then only trusted code runs (ORDER-54).
        let _no_cut = unsafe { NoCut::begin(thread::current()) };
        // SAFETY: trusted code, which makes the host's part of the object (AUTH-8).
        unsafe { thread::as_host(wrap) }.map(Proxy::recovering)
    };
    let opened = opened.ok_or(RpcError::RecoveryFailed)?;
    opened.map_err(|error| RpcError::from(error).into())
}
