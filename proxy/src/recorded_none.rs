//! Where there is no allocator no call is recorded: nothing recovers that would make it again.

use crate::flatten::FromRpc;
use crate::source::Nothing;
use samara_domain_runtime::Interface;
use samara_rref::Exchangeable;

/// # Safety
/// As for [`invoke_replay`](crate::invoke::invoke_replay).
pub(crate) unsafe fn call<I, A, R>(
    source: &Nothing<I>,
    _: A,
    _: impl Fn(&I, A) -> R + Copy + Send + Sync + 'static,
) -> R
where
    I: ?Sized + Interface,
    A: Exchangeable + Copy,
    R: FromRpc,
{
    source.never()
}
