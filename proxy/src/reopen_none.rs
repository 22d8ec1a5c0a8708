//! Where there is no allocator no proxy recovers: nothing keeps the call that made it.

use crate::Proxy;
use crate::source::Nowhere;
use samara_domain_runtime::{Interface, RpcError};
use samara_rref::Exchangeable;

/// What proxies of the same opened object share: there is none.
pub(crate) type Shared<I> = Nowhere<I>;

/// # Safety
/// As for [`invoke_replay`](crate::invoke::invoke_replay).
pub(crate) unsafe fn open_through<P, A, I, E>(
    source: &Nowhere<P>,
    _: A,
    _: impl Fn(&P, A) -> Result<Proxy<I>, E> + Copy + Send + Sync + 'static,
) -> Result<Proxy<I>, E>
where
    P: ?Sized + Interface,
    A: Exchangeable + Copy,
    I: ?Sized + Interface,
    E: Exchangeable + From<RpcError>,
{
    source.never()
}
