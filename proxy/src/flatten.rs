//! A method's own result and the call's failure, in one `Result`.

use core::sync::atomic::{Ordering, compiler_fence};
use samara_domain_runtime::RpcError;
use samara_rref::Exchangeable;

/// The types that a method of an interface may return: a `Result` whose error has room for an [`RpcError`].
#[diagnostic::on_unimplemented(
    message = "a method of an interface cannot return `{Self}`",
    label = "must be `Result<T, E>` with `E: From<RpcError>`",
    note = "the domain behind a proxy may be dead: the caller must be able to learn it"
)]
// The trait is sealed, because these methods run on both sides of a boundary, and no interface may supply their code.
pub trait FromRpc: Exchangeable + sealed::Sealed {
    /// The value and the error, of which one is present. A result crosses the boundary in this form, because a move
    /// of the `Result` itself would stall. The callee writes a `Result` in parts: a tag of one byte, and a value. A
    /// move reads whole words, which are wider than those stores, so each read waits until the store is in the cache.
    type Parts: Exchangeable;

    /// Splits the result. Each part is read in the width in which the callee wrote it.
    fn into_parts(self) -> Self::Parts;

    /// Puts the result together from its parts.
    fn from_parts(parts: Self::Parts) -> Self;

    /// Makes the result of a call whose method returned none.
    fn from_rpc(error: RpcError) -> Self;

    /// Whether the method succeeded.
    fn is_ok(&self) -> bool;
}

mod sealed {
    pub trait Sealed {}
    impl<T, E> Sealed for Result<T, E> {}
}

impl<T: Exchangeable, E: Exchangeable + From<RpcError>> FromRpc for Result<T, E> {
    type Parts = (Option<T>, Option<E>);

    #[inline(always)]
    fn into_parts(self) -> Self::Parts {
        match self {
            Ok(value) => (Some(value), None),
            Err(error) => {
                // The fence takes no instruction. It keeps the two paths apart: if they were merged, each would
                // compute the other's parts as well.
                compiler_fence(Ordering::SeqCst);
                (None, Some(error))
            }
        }
    }

    #[inline(always)]
    fn from_parts(parts: Self::Parts) -> Self {
        match parts {
            (Some(value), _) => Ok(value),
            (None, Some(error)) => Err(error),
            (None, None) => Self::from_rpc(RpcError::Crashed),
        }
    }

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
