//! Why a panic could not be delivered.

/// Why a panic could not be delivered to a boundary. The caller has to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnwindFailed {
    /// No boundary encloses the panicking code.
    NoBoundary,
    /// The tables of a frame between the panic and the boundary are missing or damaged, or a frame must not be unwound.
    Blocked,
    /// More panics are in flight on this thread than it has exception objects.
    TooDeep,
}

impl core::fmt::Display for UnwindFailed {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::NoBoundary => "no boundary encloses the panic",
            Self::Blocked => "a frame between the panic and its boundary cannot be unwound",
            Self::TooDeep => "too many panics are in flight on this thread",
        })
    }
}

impl core::error::Error for UnwindFailed {}
