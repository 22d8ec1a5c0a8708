//! On which domain's behalf each frame of a stack runs.

use crate::control;
use crate::exit_reason::Call;
use crate::text::Text;
use core::fmt;
use core::iter::{FusedIterator, Peekable};
use samara_shared_heap::Owner;
use samara_shared_heap::thread::{Frame, ThreadSlot};
use samara_unwind::Backtrace;

/// The active calls of the running thread, innermost first, each with the domain that it runs for. The frame that
/// calls into a domain counts as the caller's, although it holds the activation.
#[derive(Clone)]
pub struct Calls<'a> {
    frames: Peekable<Backtrace<'a>>,
    at: *const Frame,
}

impl<'a> Calls<'a> {
    /// Annotates `frames`, a backtrace of the running `thread`. The thread's chain must be the same as at the
    /// instruction at which the backtrace begins.
    ///
    /// # Safety
    /// `thread` is the running thread's slot. While this is used, the thread stays above all frames that are on its
    /// chain now.
    #[must_use]
    pub unsafe fn new(thread: &ThreadSlot, frames: Backtrace<'a>) -> Self {
        Self {
            frames: frames.peekable(),
            at: thread.top(),
        }
    }
}

impl Iterator for Calls<'_> {
    type Item = Call;

    fn next(&mut self) -> Option<Call> {
        let frame = self.frames.next()?;
        let end = self.frames.peek().map(|outer| outer.stack_pointer);
        // SAFETY: a frame of the chain, above which the thread has stayed (`new`) (TRAP-5).
        while let Some(link) = unsafe { self.at.as_ref() } {
            if end.is_none_or(|end| self.at.addr() >= end) {
                break;
            }
            self.at = link.prev();
        }
        // SAFETY: as above.
        let link = unsafe { self.at.as_ref() };
        Some(Call {
            pc: frame.pc,
            owner: link.map_or(Owner::HOST, Frame::owner),
        })
    }
}

impl FusedIterator for Calls<'_> {}

impl fmt::Debug for Calls<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Calls").finish_non_exhaustive()
    }
}

/// Returns the name of the domain that is in the slot of `owner`, or was last; `None` while the name is being
/// changed. It does not wait, so that reports of a fatal error can use it.
#[must_use]
pub fn name_of(owner: Owner) -> Option<Text<32>> {
    control::block(owner).name()
}
