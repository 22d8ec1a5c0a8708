//! Why a domain ended: plain data by value, kept in the domain's control block.

use crate::text::Text;
use core::time::Duration;
use core::{fmt, ptr};
use samara_shared_heap::{Owner, thread};

/// How many bytes of a message are kept at most: 160 (feature `small`: 40).
pub const MESSAGE: usize = if cfg!(feature = "small") { 40 } else { 160 };
/// How many bytes of a place are kept at most: 96 (feature `small`: 32).
pub const PLACE: usize = if cfg!(feature = "small") { 32 } else { 96 };

/// How many active calls are kept at most: 12 (feature `small`: 1).
pub const TRACE: usize = if cfg!(feature = "small") { 1 } else { 12 };

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
    /// A CPU fault: the message names the fault, the place is that of the instruction, and the trace has the calls
    /// that led there.
    Fault,
    /// A thread stayed inside the domain for longer than the budget.
    Overrun,
    /// A panic that could not unwind: a second panic in a destructor, or a panic in code that must not panic.
    Abort,
}

/// Why a domain ended, and where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExitReason {
    /// The kind of end.
    pub kind: ExitKind,
    /// The message, truncated to fit.
    pub message: Text<MESSAGE>,
    /// `file:line` of a panic, truncated to fit.
    pub place: Text<PLACE>,
    /// The calls that were active, innermost first, with [`Call::NONE`] after the last: those at the place where a
    /// fault happened, a budget ran out, or a panic began (there the calls of the panic itself come first). Empty
    /// where the host has neither recorded stacks nor registered images.
    pub trace: [Call; TRACE],
}

/// One active call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// An address inside the instruction that is executed, or makes the next inner call.
    pub pc: usize,
    /// The domain that it runs for, or the host.
    pub owner: Owner,
}

impl Call {
    /// No call.
    pub const NONE: Self = Self {
        pc: 0,
        owner: Owner::HOST,
    };
}

impl Default for Call {
    fn default() -> Self {
        Self::NONE
    }
}

/// The end of one generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit {
    /// Slot index.
    pub id: usize,
    /// Generation of the slot.
    pub generation: u32,
    /// When, by the host's clock.
    pub at: Duration,
    /// Why.
    pub reason: ExitReason,
}

/// Why a generation ended, and on which thread.
#[derive(Clone, Copy, Debug)]
pub(crate) struct End {
    pub(crate) reason: ExitReason,
    /// The [thread](this_thread) on which the end was noted: the one that panicked, trapped, or killed the
    /// generation.
    #[cfg_attr(not(feature = "alloc"), allow(dead_code, reason = "only journals ask"))]
    pub(crate) by: usize,
}

impl End {
    /// An end that is noted now, on the running thread.
    pub(crate) fn here(reason: &ExitReason) -> Self {
        Self {
            reason: *reason,
            by: this_thread(),
        }
    }
}

/// A number that distinguishes the running thread from others for as long as it runs.
pub(crate) fn this_thread() -> usize {
    ptr::from_ref(thread::current()).addr()
}

impl ExitReason {
    /// The active calls, without the empty places behind the last.
    pub fn calls(&self) -> impl Iterator<Item = Call> + Clone + '_ {
        self.trace
            .iter()
            .copied()
            .take_while(|call| *call != Call::NONE)
    }

    /// A reason that has a kind only.
    #[must_use]
    pub const fn bare(kind: ExitKind) -> Self {
        Self {
            kind,
            message: Text::new(),
            place: Text::new(),
            trace: [Call::NONE; TRACE],
        }
    }

    /// A reason without a place.
    #[must_use]
    pub fn new(kind: ExitKind, message: &str) -> Self {
        Self {
            message: Text::of(message),
            ..Self::bare(kind)
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
