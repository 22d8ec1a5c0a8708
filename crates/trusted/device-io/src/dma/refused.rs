//! Why a buffer isn't accepted.

use core::fmt;

use samara_rref::RRef;

/// Why a buffer isn't accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refused {
    /// All transfers or slots are in use: wait for one to end. A queue of packets also returns this if it doesn't
    /// run, or if it belongs to another function.
    Full,
    /// The bytes are empty, too few or too many, or do not lie in the object.
    Empty,
    /// The device can't reach the memory.
    Unreachable,
    /// The claim would own more bytes than its domain's quota.
    OverQuota,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "as many transfers in flight as there is room for: wait for one to end",
            Self::Empty => "no bytes to transfer, or not as many as the queue takes",
            Self::Unreachable => "the device can't reach the buffer's memory",
            Self::OverQuota => {
                "the claim's DMA memory would exceed its domain's quota: end transfers, or raise DomainSpec::shared_quota"
            }
        })
    }
}

/// A buffer that the table did not accept, given back.
pub struct BeginError {
    /// Why the table did not accept it.
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
