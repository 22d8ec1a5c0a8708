//! Where there is no allocator no proxy recovers: nothing keeps the call that made it.

use crate::invoke::invoke_once;
use crate::source::Nowhere;
use crate::{Proxy, Shadow};
use samara_domain_runtime::{Interface, RpcError};
use samara_rref::Exchangeable;
use samara_shared_heap::thread;

/// What proxies of the same opened object share: there is none.
pub(crate) type Shared<I> = Nowhere<I>;

/// A `#[replay]` call through a shadow: nobody has one.
///
/// # Safety
/// As for [`invoke_replay`](crate::invoke::invoke_replay).
pub unsafe fn open_shadow<P, A, I, E>(
    shadow: &Shadow<P>,
    _: A,
    _: impl Fn(&P, A) -> Result<Proxy<I>, E> + Copy + Send + Sync + 'static,
) -> Result<Proxy<I>, E>
where
    P: ?Sized + Interface,
    A: Exchangeable + Copy,
    I: ?Sized + Interface,
    E: Exchangeable + From<RpcError>,
{
    shadow.service().never()
}

/// A `#[replay]` call through a proxy that hands out an object: made once.
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
    // SAFETY: handed on.
    unsafe { invoke_once::<true, P, A, _>(thread::current(), proxy, arguments, body) }
}
