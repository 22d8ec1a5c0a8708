//! What a trap handler is told.

use samara_unwind::cut::CutError;

/// What a trap handler is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "the thread cannot go on after a fault that is the host's"]
pub enum Verdict {
    /// Resume the thread with the registers, which were rewritten: it leaves the domain.
    Cut,
    /// Nothing is to be done: resume it as it was.
    Resume,
    /// It is to be cut, but not here: resume it as it was. It cuts itself, or the next tick does.
    Later,
    /// The stack is used up in trusted code that a domain called, which must run to its end. Open the
    /// reserve of the stack that it runs on, so that the instruction does not fault again, tell so
    /// (`ThreadSlot::open_reserve`: nobody is let in meanwhile), and resume it as it was: the thread is cut when it
    /// comes out of there. A host that has no reserve, or has opened it, is to do as for [`NotContained::Trusted`]. [`StackProbe::close_reserve`](crate::host::StackProbe::close_reserve)
    /// says when to close it.
    Reserve,
    /// The fault is not a domain's, or cannot be contained: the host decides.
    Host(NotContained),
}

/// Why a fault is the host's affair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotContained {
    /// The thread acts for the host.
    ActsForHost,
    /// The thread is inside the heap, an allocator or the runtime.
    Trusted,
    /// Nobody has told where the thread's stack is.
    StackUnknown,
    /// The frames could not be given up.
    NotCut(CutError),
}
