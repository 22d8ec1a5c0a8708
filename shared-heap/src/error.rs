//! Why an object could not be allocated.

use core::fmt;

/// Why an object could not be allocated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AllocError {
    /// The host has no pages left.
    OutOfMemory,
    /// The domain's quota of shared objects does not allow it.
    Quota,
    /// More than [`MAX_OBJECT`](crate::class::MAX_OBJECT) bytes, or aligned to more than [`MAX_ALIGN`](crate::class::MAX_ALIGN).
    TooLarge,
}

impl fmt::Display for AllocError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OutOfMemory => "the host has no pages left for the exchange heap",
            Self::Quota => "the domain's shared-heap quota is used up; free objects or raise it",
            Self::TooLarge => {
                "an object has at most 1 TiB (1 GiB where addresses have 32 bits); make it of several"
            }
        })
    }
}

impl core::error::Error for AllocError {}
