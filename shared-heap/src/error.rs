//! Why an allocation failed.

use core::fmt;

/// Why an allocation failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AllocError {
    /// The host has no pages left.
    OutOfMemory,
    /// The domain's quota on the exchange heap does not allow it.
    Quota,
    /// The object has more than [`MAX_OBJECT`](crate::class::MAX_OBJECT) bytes, or an alignment above
    /// [`MAX_ALIGN`](crate::class::MAX_ALIGN).
    TooLarge,
}

impl fmt::Display for AllocError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OutOfMemory => "the host has no pages left for the exchange heap",
            Self::Quota => "the domain's shared-heap quota is used up; free objects or raise it",
            Self::TooLarge => {
                "an object has at most 1 TiB (1 GiB on 32-bit targets) and an alignment of at most 1 GiB; split it"
            }
        })
    }
}

impl core::error::Error for AllocError {}
