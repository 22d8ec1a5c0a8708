//! The place where a generation of a domain is entered.

use crate::call::Target;
use crate::exit_reason::ExitReason;
use crate::interface::Interface;
use crate::state::State;
use core::ptr::NonNull;

/// A generation and an object inside it: the target to enter, and either the object that `init` returned or an
/// exported one.
#[derive(Debug)]
pub struct Instance<I: ?Sized> {
    target: Target,
    object: NonNull<I>,
}

impl<I: ?Sized> Clone for Instance<I> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<I: ?Sized> Copy for Instance<I> {}

// SAFETY: the object is touched only by entering the domain; interfaces are `Send + Sync` (AUTH-1, CROSS-9).
unsafe impl<I: ?Sized + Interface> Send for Instance<I> {}
// SAFETY: as above.
unsafe impl<I: ?Sized + Interface> Sync for Instance<I> {}

impl<I: ?Sized> Instance<I> {
    /// The object behind `target`.
    pub(crate) const fn new(target: Target, object: NonNull<I>) -> Self {
        Self { target, object }
    }

    /// The target to enter.
    #[inline]
    #[must_use]
    pub const fn target(&self) -> Target {
        self.target
    }

    /// The object; valid only while entered.
    #[inline]
    #[must_use]
    pub const fn object(&self) -> NonNull<I> {
        self.object
    }

    /// Whether the generation was alive at some moment of this call: starting, running or draining.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        let word = self.target.block().word();
        word.generation() == self.target.expected().generation()
            && matches!(
                word.state(),
                State::Starting | State::Running | State::Draining
            )
    }

    /// Why the generation ended; `None` while it runs, and after its slot has been used again.
    #[must_use]
    pub fn reason(&self) -> Option<ExitReason> {
        let generation = self.target.expected().generation();
        self.target.block().reason(generation)
    }
}
