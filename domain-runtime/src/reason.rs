//! Why a domain ended: bytes by value, kept in its control block.

use crate::text::Text;
use core::fmt;

/// The kind of end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExitKind {
    /// It has not ended.
    #[default]
    None,
    /// A panic.
    Panic,
    /// `init` returned an error.
    InitFailed,
    /// Killed by the host.
    Killed,
    /// Stopped in an orderly way.
    Stopped,
    /// It did not drain before its deadline.
    DeadlinePassed,
}

/// Why a domain ended, and where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExitReason {
    /// The kind of end.
    pub kind: ExitKind,
    /// The message, cut to fit.
    pub message: Text<160>,
    /// `file:line` of a panic, cut to fit.
    pub place: Text<96>,
}

impl ExitReason {
    /// A reason without a place.
    #[must_use]
    pub fn new(kind: ExitKind, message: &str) -> Self {
        Self {
            kind,
            message: Text::of(message),
            place: Text::new(),
        }
    }
}

impl fmt::Display for ExitReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.kind, self.message)?;
        if !self.place.is_empty() {
            write!(f, " at {}", self.place)?;
        }
        Ok(())
    }
}
