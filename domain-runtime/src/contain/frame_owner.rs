//! Whose code each frame of a stack is.

use crate::control;
use crate::exit_reason::Call;
use crate::text::Text;
use core::fmt;
use core::iter::{FusedIterator, Peekable};
use samara_shared_heap::Owner;
use samara_shared_heap::thread::{Frame, ThreadSlot};
use samara_unwind::Backtrace;

/// The active calls of the running thread with the domain that each runs for, innermost first. The call
/// into a domain is still the caller's: its frame holds the activation.
#[derive(Clone)]
pub struct Calls<'a> {
    frames: Peekable<Backtrace<'a>>,
    at: *const Frame,
}

impl<'a> Calls<'a> {
    /// Annotates `frames`, those of the running `thread`, whose chain is as it was there.
    ///
    /// # Safety
    /// `thread` is the running thread's, which stays above all that is on its chain now while this is used.
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
        // SAFETY: a frame of the chain, above which the thread has stayed (`new`).
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

/// The name of who is in the slot of `owner`, or was last; `None` while somebody changes it. Does not wait:
/// for reports on the way to the end.
#[must_use]
pub fn name_of(owner: Owner) -> Option<Text<32>> {
    control::block(owner).name()
}
