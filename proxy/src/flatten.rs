//! A method's own result and the call's failure, in one `Result`.

use samara_domain_runtime::RpcError;
use samara_rref::Exchangeable;

/// What a method of an interface may return: a `Result` whose error has room for an [`RpcError`].
#[diagnostic::on_unimplemented(
    message = "a method of an interface cannot return `{Self}`",
    label = "must be `Result<T, E>` with `E: From<RpcError>`",
    note = "the domain behind a proxy may be dead: the caller must be able to learn it"
)]
pub trait FromRpc: Exchangeable {
    /// The result of a call that gave none of its own.
    fn from_rpc(error: RpcError) -> Self;

    /// Whether the method did what it was asked.
    fn is_ok(&self) -> bool;
}

impl<T: Exchangeable, E: Exchangeable + From<RpcError>> FromRpc for Result<T, E> {
    #[inline]
    fn from_rpc(error: RpcError) -> Self {
        Err(error.into())
    }

    #[inline]
    fn is_ok(&self) -> bool {
        self.is_ok()
    }
}

/// The compile-time check that `#[interface]` writes for every result.
#[inline]
pub const fn assert_result<R: FromRpc>() {}
