//! Why a buffer isn't accepted.

use core::fmt;

use samara_rref::RRef;

/// Why a buffer isn't accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refused {
    /// All transfers are in use: wait for one to end.
    Full,
    /// An empty buffer transfers nothing.
    Empty,
    /// The device can't reach the memory.
    Unreachable,
    /// The claim would own more bytes than its domain's quota.
    OverQuota,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "as many transfers under way as the table holds: wait for one to end",
            Self::Empty => "empty buffer: nothing to transfer",
            Self::Unreachable => "the device can't reach the buffer's memory",
            Self::OverQuota => {
                "the claim owns as much DMA memory as its domain's quota: end transfers, or raise DomainSpec::shared_quota"
            }
        })
    }
}

/// A buffer that the table did not accept, given back.
pub struct BeginError {
    /// Why.
    pub reason: Refused,
    /// The caller's buffer, untouched.
    pub buffer: RRef<[u8]>,
}

impl fmt::Debug for BeginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BeginError({:?})", self.reason)
    }
}

impl fmt::Display for BeginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason.fmt(f)
    }
}

impl core::error::Error for BeginError {}
