//! Why a call gave no result.

use crate::error::RpcError;

/// Why an entry was refused. Kept apart from [`Failure`], which shares its memory with the result. One more bit in a
/// `Failure` would cost one more move of the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The domain is not in the expected state.
    Dead,
    /// The arguments would take the domain beyond twice its quota of shared objects, or the caller already has twice
    /// its quota and might get more.
    OverQuota,
    /// The thread's stack has less room left than the domain asks for.
    StackExhausted,
}

impl From<Refusal> for RpcError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Dead => Self::Dead,
            Refusal::OverQuota => Self::OverQuota,
            Refusal::StackExhausted => Self::StackExhausted,
        }
    }
}

/// Why an entry gave no result.
#[derive(Debug)]
pub enum Failure<A> {
    /// The entry was refused and nothing was executed. The arguments are given back. See [`Refusal`].
    Refused(A),
    /// The domain died while it executed the call. The arguments were already the domain's.
    Crashed,
}
