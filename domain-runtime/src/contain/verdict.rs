//! The answers that a trap handler gets.

use samara_unwind::cut::CutError;

/// The action that a trap handler is to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "the thread cannot go on after a fault that is the host's"]
pub enum Verdict {
    /// Resume the thread with the registers, which were rewritten so that the thread leaves the domain.
    Cut,
    /// Nothing is to be done: resume the thread as it was.
    Resume,
    /// The thread is to be cut, but not here: resume it as it was. It cuts itself later, or a later tick cuts it.
    Later,
    /// The stack is used up in trusted code that a domain has called, and that code must run to its end. Open the
    /// reserve of the stack that the thread runs on, so that the instruction does not fault again, and report that
    /// with `ThreadSlot::open_reserve`: until the reserve is closed, no entry is let in on that stack. Then resume
    /// the thread as it was; it is cut when it comes out of the trusted code. A host that has no reserve, or has
    /// already opened it, acts as for [`NotContained::Trusted`].
    /// [`StackProbe::close_reserve`](crate::host::StackProbe::close_reserve) says when to close it.
    Reserve,
    /// The fault is not a domain's, or it cannot be contained: the host decides how to go on.
    Host(NotContained),
}

/// Why a fault is left to the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotContained {
    /// The thread acts for the host.
    ActsForHost,
    /// The thread is inside the heap, an allocator or the runtime.
    Trusted,
    /// The thread's slot records no stack, or the activation does not lie on that stack.
    StackUnknown,
    /// The frames could not be cut.
    NotCut(CutError),
}
