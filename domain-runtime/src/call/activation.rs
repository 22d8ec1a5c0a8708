//! Activations, and searches for them. An activation is one call in progress: a frame on the thread's chain.
//!
//! # The mark
//!
//! The lower half of an activation's `word_and_used` is its mark. It says how far the call has come, and so whether
//! the thread may be cut. A thread that is under a no-cut mark or acts for the host is not cut in any of these states.
//!
//! | mark | set by | where the thread is then | cut by |
//! |---|---|---|---|
//! | the expected word | `new`; `arrive`, when the way in ends | in the callee, in `catch` | `fault`, `tick`, itself |
//! | the expected word | the same | before or after `catch`, in code that calls no function | nobody |
//! | `ENTERING` | `enter` | on the way in: quotas are asked, arguments are moved | nobody |
//! | `GIVING` | `give` | on the way out: a result with objects is moved | nobody |
//! | `CROSSING` | `cross` | on the way out with a result without objects, or after a cut | nobody |
//! | `LEAVING` | `unwind` | on the way out after a panic, which has left the body | nobody |
//!
//! `enter_here` sets all of these except `LEAVING`, which the destructor of `Unwound` sets. `land` also sets
//! `CROSSING`, when a cut has landed, and so does `enter_here` once it has caught a panic. A boundary inside the domain
//! (`cleanup_boundary`) pushes a second activation, made by `again`: it begins with the first one's value.
//!
//! In the first row a trap handler cuts the thread (`fault`, `tick`), or the thread cuts itself (`leave_dead`,
//! `end_self`, `recheck`). In the second row the mark allows a cut, but the unwind tables have no frame that catches
//! there, so the cut fails with `CutError::AtBoundary`; a tick tries again later. Ticks charge the callee in the first
//! two rows. They charge the caller for `ENTERING` and, up to a share of its budget, for `GIVING`. They charge no
//! domain for the other two.

use super::target::Target;
use crate::control::{self, ControlBlock};
use crate::state::{State, Word};
use core::cell::Cell;
use samara_shared_heap::Owner;
use samara_shared_heap::thread::{self, Frame, ThreadSlot};

/// One call in progress on a thread's chain. Every frame whose owner is not the host is the first field of an
/// activation.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Activation {
    pub(super) frame: Frame,
    pub(super) block: &'static ControlBlock,
    /// The word that the entry expects in the lower half and, in the upper half, the microseconds of its budget that
    /// ticks have counted so far. Both share one word, so that a call stores no more than it would without budgets.
    pub(super) word_and_used: Cell<u64>,
}

/// Replaces the word and the time used while the thread is on its way out. No word has all bits set.
pub(super) const CROSSING: u64 = u64::MAX;
/// Replaces the word and the time used on the way in, while quotas are asked and the caller's arguments are moved.
const ENTERING: u64 = u64::MAX - 1;
/// Replaces the word alone once a panic has left the domain's frames; the time used stays in the upper half. Neither
/// a state that can be entered nor the lower half of any other mark has these bits.
const LEAVING: u32 = u32::MAX - 2;
/// Replaces the word on the way out, while a result with objects is moved. The upper half is [`UNCHARGED`] until the
/// first tick; after that it holds the microseconds that the caller may still be charged for this result.
const GIVING: u32 = u32::MAX - 3;
const UNCHARGED: u32 = u32::MAX;

impl Activation {
    #[inline]
    pub(super) fn new(target: Target, below: *const Frame) -> Self {
        Self {
            frame: Frame::new(target.owner(), below),
            block: target.block(),
            word_and_used: Cell::new(target.expected().0.into()),
        }
    }

    /// A second activation of the same entry, for a frame further in, with the given word and time used.
    pub(super) fn again(&self, below: *const Frame, word_and_used: u64) -> Self {
        Self {
            frame: Frame::new(self.frame.owner(), below),
            block: self.block,
            word_and_used: Cell::new(word_and_used),
        }
    }

    /// The generation that was entered, and the state that the entry expected.
    #[inline]
    pub(crate) fn target(&self) -> Target {
        let index = self.frame.owner().index() as u8;
        Target::of(self.block, index, Word(self.word_and_used.get() as u32))
    }

    /// Marks the way out, from the callee to the caller: the code that follows is the runtime's.
    #[inline]
    pub(crate) fn cross(&self) {
        self.word_and_used.set(CROSSING);
    }

    /// Marks the way in: the code that follows is the runtime's, and works for the caller.
    #[inline]
    pub(super) fn enter(&self) {
        self.word_and_used.set(ENTERING);
    }

    /// Marks the way out with a result that holds objects.
    #[inline]
    pub(super) fn give(&self) {
        self.word_and_used
            .set(u64::from(UNCHARGED) << 32 | u64::from(GIVING));
    }

    /// Ends the way in: the code that follows is the callee's.
    #[inline]
    pub(super) fn arrive(&self, target: Target) {
        self.word_and_used.set(target.expected().0.into());
    }

    /// Marks that a panic has left the callee's frames: the code that follows is the runtime's. The time used stays
    /// beside the mark.
    pub(super) fn unwind(&self) {
        let had = self.word_and_used.get();
        // A cut has already marked it.
        if had != CROSSING {
            let used = had & !u64::from(u32::MAX);
            self.word_and_used.set(used | u64::from(LEAVING));
        }
    }

    /// Whether the thread is on its way in or out of this call. It is then not cut, and no time is counted for the
    /// callee.
    #[cfg(all(feature = "contain", target_arch = "x86_64"))]
    pub(crate) fn is_crossing(&self) -> bool {
        self.word_and_used.get() as u32 >= GIVING
    }

    /// Whether ticks charge the caller now: for the way in, or, at least in part, for moving a result out.
    #[cfg(all(feature = "contain", target_arch = "x86_64"))]
    pub(crate) fn is_charged(&self) -> bool {
        self.is_entering() || self.word_and_used.get() as u32 == GIVING
    }

    /// Whether the thread is on its way in.
    #[cfg(all(feature = "contain", target_arch = "x86_64"))]
    pub(crate) fn is_entering(&self) -> bool {
        self.word_and_used.get() == ENTERING
    }

    /// Returns the part of `more` microseconds that the caller is charged. They were counted while a result was moved
    /// out. All ticks during one result together charge at most the value that `most` returns at the first tick. That
    /// value must not be `u32::MAX`. Returns `None` if no result with objects is being moved.
    #[cfg(all(feature = "contain", target_arch = "x86_64"))]
    pub(crate) fn share_of_result(&self, more: u32, most: impl FnOnce() -> u32) -> Option<u32> {
        let mark = self.word_and_used.get();
        if mark as u32 != GIVING {
            return None;
        }
        let left = match (mark >> 32) as u32 {
            UNCHARGED => most(),
            left => left,
        };
        let share = more.min(left);
        let left = u64::from(left.saturating_sub(share));
        self.word_and_used.set(left << 32 | u64::from(GIVING));
        Some(share)
    }

    /// Whether `other` is the frame directly below this one.
    #[cfg(all(feature = "contain", target_arch = "x86_64"))]
    pub(crate) fn is_on_top_of(&self, other: &Self) -> bool {
        core::ptr::eq(self.frame.prev(), (&raw const *other).cast())
    }

    /// The activations below this one on the running thread's chain, innermost first.
    #[cfg(all(feature = "contain", target_arch = "x86_64"))]
    pub(crate) fn outer(&self) -> impl Iterator<Item = &Self> {
        let mut at = self.frame.prev();
        core::iter::from_fn(move || {
            let found = first_from(at)?;
            at = found.frame.prev();
            Some(found)
        })
    }

    /// Sets the time used to zero.
    #[cfg(all(feature = "contain", feature = "alloc", target_arch = "x86_64"))]
    pub(crate) fn renew(&self) {
        let word = self.word_and_used.get() as u32;
        self.word_and_used.set(word.into());
    }

    #[cfg(all(feature = "contain", target_arch = "x86_64"))]
    /// Adds `more` microseconds to the time used and returns the sum, which saturates.
    pub(crate) fn use_up(&self, more: u32) -> u32 {
        let both = self.word_and_used.get();
        let used = ((both >> 32) as u32).saturating_add(more);
        let word = u64::from(both as u32);
        self.word_and_used.set(u64::from(used) << 32 | word);
        used
    }
}

/// Returns the word and the time used that an activation had before a panic [marked](super::unwound) it: `had` is its
/// value now, `expected` the word that the mark has replaced. Returns any other value unchanged. After a cut, `had`
/// is [`CROSSING`].
pub(super) fn left_off(had: u64, expected: Word) -> u64 {
    if had as u32 == LEAVING {
        return had - u64::from(LEAVING) + u64::from(expected.0);
    }
    had
}

/// Returns the activation on top of the chain if the running thread acts for a domain.
#[inline]
pub(crate) fn innermost(thread: &ThreadSlot) -> Option<&Activation> {
    if thread.owner().is_host() {
        return None;
    }
    // SAFETY: the top frame is valid while it is on top. It is not the host's, so it begins an activation. The caller
    // runs above that frame and no longer uses the reference when the frame is taken off (HEAP-8).
    Some(unsafe { &*thread.top().cast::<Activation>() })
}

/// Returns the outermost domain that the running thread is in; the host if it is in none.
pub(crate) fn outermost(thread: &ThreadSlot) -> Owner {
    let (mut at, mut first) = (thread.top(), Owner::HOST);
    // SAFETY: frames on the chain are valid while the thread is above them.
    while let Some(frame) = unsafe { at.as_ref() } {
        if !frame.owner().is_host() {
            first = frame.owner();
        }
        at = frame.prev();
    }
    first
}

/// Returns the innermost activation, whether it is on top or below frames of the host.
#[cfg(all(feature = "contain", target_arch = "x86_64"))]
pub(crate) fn nearest(thread: &ThreadSlot) -> Option<&Activation> {
    first_from(thread.top())
}

/// Returns the innermost activation at or below the frame `at`, which is on the running thread's chain.
#[cfg(all(feature = "contain", target_arch = "x86_64"))]
fn first_from<'a>(mut at: *const Frame) -> Option<&'a Activation> {
    // SAFETY: frames on the chain are valid while the thread is above them.
    while let Some(frame) = unsafe { at.as_ref() } {
        if !frame.owner().is_host() {
            // SAFETY: a frame that is not the host's begins an activation, which is valid as long as its frame is;
            // the caller runs above it (HEAP-8).
            return Some(unsafe { &*at.cast::<Activation>() });
        }
        at = frame.prev();
    }
    None
}

/// Returns the target that proxies of an object exported by the running thread enter: the generation that the thread
/// acts for, in the state `Running`.
pub(crate) fn exporter() -> Target {
    let thread = thread::current();
    let block = control::block(thread.owner());
    if thread.owner().is_host() {
        return Target::new(block, block.word());
    }
    // SAFETY: the top frame is valid while it is on top, and is not the host's, so it begins an activation (HEAP-8).
    let target = unsafe { (*thread.top().cast::<Activation>()).target() };
    // This is right in `init` too: its exports can be entered once `init` has returned.
    let running = Word::new(target.expected().generation(), State::Running);
    Target::new(block, running)
}

/// Returns the generation that the running thread acts for; `None` for the host.
#[cfg(feature = "alloc")]
pub(crate) fn current_target() -> Option<Target> {
    innermost(thread::current()).map(Activation::target)
}

/// The number of innermost frames of the chain that a search looks at.
const NEAR: usize = 64;

impl Target {
    /// Whether an activation of this generation is among the innermost frames of the running thread's chain. Always
    /// false for the host. Takes constant time, because other domains can make the chain as long as they like.
    #[must_use]
    pub fn is_on_own_chain(&self) -> bool {
        self.is_near() == Some(true)
    }

    /// Whether an activation of this generation is, or may be, on the running thread's chain. If the chain is too
    /// long to be searched to its end, only a generation that has drained is certainly not on it.
    pub(crate) fn may_be_on_own_chain(&self) -> bool {
        self.is_near().unwrap_or_else(|| !self.block().is_drained())
    }

    /// Whether an activation of this generation is among the [`NEAR`] innermost frames; `None` if it is not and there
    /// are more frames.
    fn is_near(&self) -> Option<bool> {
        if self.owner().is_host() {
            // The host's frames must not be read as activations, since not every one of them begins an activation.
            return Some(false);
        }
        let mut at = thread::current().top();
        for _ in 0..NEAR {
            // SAFETY: frames on the chain are valid while the thread is above them.
            let Some(frame) = (unsafe { at.as_ref() }) else {
                return Some(false);
            };
            if frame.owner() == self.owner() {
                // SAFETY: a frame that is not the host's begins an activation (HEAP-8).
                let activation = unsafe { &*at.cast::<Activation>() };
                if activation.target().expected().generation() == self.expected().generation() {
                    return Some(true);
                }
            }
            at = frame.prev();
        }
        at.is_null().then_some(false)
    }
}
