//! `#[replay]` methods that hand out an object.

use crate::invoke::invoke_once;
use crate::reopen::open_through;
use crate::{Proxy, Shadow};
use samara_domain_runtime::{Interface, RpcError};
use samara_rref::Exchangeable;
use samara_shared_heap::thread;

/// A `#[replay]` call through a shadow that hands out an object: its proxy recovers.
///
/// # Safety
/// As for [`invoke_replay`](crate::invoke::invoke_replay).
pub unsafe fn open_shadow<P, A, I, E>(
    shadow: &Shadow<P>,
    arguments: A,
    body: impl Fn(&P, A) -> Result<Proxy<I>, E> + Copy + Send + Sync + 'static,
) -> Result<Proxy<I>, E>
where
    P: ?Sized + Interface,
    A: Exchangeable + Copy,
    I: ?Sized + Interface,
    E: Exchangeable + From<RpcError>,
{
    // SAFETY: handed on.
    unsafe { open_through(shadow.service(), arguments, body) }
}

/// The same through a proxy: the new one recovers if this one does.
///
/// # Safety
/// As for [`invoke_replay`](crate::invoke::invoke_replay).
pub unsafe fn open<P, A, I, E>(
    proxy: &Proxy<P>,
    arguments: A,
    body: impl Fn(&P, A) -> Result<Proxy<I>, E> + Copy + Send + Sync + 'static,
) -> Result<Proxy<I>, E>
where
    P: ?Sized + Interface,
    A: Exchangeable + Copy,
    I: ?Sized + Interface,
    E: Exchangeable + From<RpcError>,
{
    match proxy.recovery() {
        // SAFETY: handed on.
        Some(recovery) => unsafe { open_through(recovery, arguments, body) },
        // SAFETY: handed on.
        None => unsafe { invoke_once::<true, P, A, _>(thread::current(), proxy, arguments, body) },
    }
}
