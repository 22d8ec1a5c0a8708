//! One call in progress: its frame on the thread's chain, and how to find it there.

use super::target::Target;
use crate::control::{self, ControlBlock};
use crate::state::{State, Word};
use core::cell::Cell;
use samara_shared_heap::Owner;
use samara_shared_heap::thread::{self, Frame, ThreadSlot};

/// One call in progress on a thread's chain. A frame whose owner is not the host begins one.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Activation {
    pub(super) frame: Frame,
    pub(super) block: &'static ControlBlock,
    /// The word that was expected and, in the upper half, the microseconds of its budget that ticks
    /// have counted so far: one word, so that a call stores no more than it would without budgets.
    pub(super) word_and_used: Cell<u64>,
}

/// In place of the word and the time used, on the way out. No word has all bits set.
pub(super) const CROSSING: u64 = u64::MAX;
/// On the way in, where the caller's arguments are moved.
const ENTERING: u64 = u64::MAX - 1;
/// In place of the word alone, where a panic has left the domain's frames: the time used stands beside it. No state
/// that is entered has these bits, nor has the lower half of any other mark.
const LEAVING: u32 = u32::MAX - 2;
/// In place of the word, on the way out where a result with objects is moved. All bits are set beside it until the first tick,
/// and then stands there what the caller may still be charged for this result.
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

    /// The same entry once more, in a frame further in: with the word that it has, or had, and what it has
    /// used so far.
    pub(super) fn again(&self, below: *const Frame, word_and_used: u64) -> Self {
        Self {
            frame: Frame::new(self.frame.owner(), below),
            block: self.block,
            word_and_used: Cell::new(word_and_used),
        }
    }

    /// What was entered.
    #[inline]
    pub(crate) fn target(&self) -> Target {
        let index = self.frame.owner().index() as u8;
        Target::of(self.block, index, Word(self.word_and_used.get() as u32))
    }

    /// From here on the thread is between caller and callee: what follows is the runtime's.
    #[inline]
    pub(crate) fn cross(&self) {
        self.word_and_used.set(CROSSING);
    }

    /// The same on the way in: what follows is the runtime's, for the caller.
    #[inline]
    pub(super) fn enter(&self) {
        self.word_and_used.set(ENTERING);
    }

    /// The same on the way out of a result with objects.
    #[inline]
    pub(super) fn give(&self) {
        self.word_and_used
            .set(u64::from(UNCHARGED) << 32 | u64::from(GIVING));
    }

    /// The way in is done: what follows is the callee's.
    #[inline]
    pub(super) fn arrive(&self, target: Target) {
        self.word_and_used.set(target.expected().0.into());
    }

    /// A panic has left the callee's frames: what follows is the runtime's. What was used stays beside the mark.
    pub(super) fn unwind(&self) {
        let had = self.word_and_used.get();
        // A cut has marked it already.
        if had != CROSSING {
            let used = had & !u64::from(u32::MAX);
            self.word_and_used.set(used | u64::from(LEAVING));
        }
    }

    /// Whether the thread is on its way in or out: it is neither cut nor counted.
    #[cfg(all(feature = "contain", target_arch = "x86_64"))]
    pub(crate) fn is_crossing(&self) -> bool {
        self.word_and_used.get() as u32 >= GIVING
    }

    /// Whether ticks charge the caller: for moving arguments on the way in, or, at least in part, a result on the way out.
    #[cfg(all(feature = "contain", target_arch = "x86_64"))]
    pub(crate) fn is_charged(&self) -> bool {
        self.is_entering() || self.word_and_used.get() as u32 == GIVING
    }

    /// Whether it is on its way in.
    #[cfg(all(feature = "contain", target_arch = "x86_64"))]
    pub(crate) fn is_entering(&self) -> bool {
        self.word_and_used.get() == ENTERING
    }

    /// Of `more` microseconds on the way out of a result, those that the caller is charged for: over all ticks in one result
    /// at most the `most` of the first, which is less than all bits. `None` elsewhere.
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

    /// Whether `other` is the very next frame.
    #[cfg(all(feature = "contain", target_arch = "x86_64"))]
    pub(crate) fn is_on_top_of(&self, other: &Self) -> bool {
        core::ptr::eq(self.frame.prev(), (&raw const *other).cast())
    }

    /// The activations further out on the running thread's chain, from the next one on.
    #[cfg(all(feature = "contain", target_arch = "x86_64"))]
    pub(crate) fn outer(&self) -> impl Iterator<Item = &Self> {
        let mut at = self.frame.prev();
        core::iter::from_fn(move || {
            let found = first_from(at)?;
            at = found.frame.prev();
            Some(found)
        })
    }

    /// Forgets what was counted.
    #[cfg(all(feature = "contain", feature = "alloc", target_arch = "x86_64"))]
    pub(crate) fn renew(&self) {
        let word = self.word_and_used.get() as u32;
        self.word_and_used.set(word.into());
    }

    #[cfg(all(feature = "contain", target_arch = "x86_64"))]
    /// Counts `more` microseconds; how many there are now, at most as many as fit.
    pub(crate) fn use_up(&self, more: u32) -> u32 {
        let both = self.word_and_used.get();
        let used = ((both >> 32) as u32).saturating_add(more);
        let word = u64::from(both as u32);
        self.word_and_used.set(u64::from(used) << 32 | word);
        used
    }
}

/// What an activation had counted where it was left: `had` is what stood there, which a panic may have
/// [marked](super::unwound). [`CROSSING`] after a cut.
pub(super) fn left_off(had: u64, expected: Word) -> u64 {
    if had as u32 == LEAVING {
        return had - u64::from(LEAVING) + u64::from(expected.0);
    }
    had
}

/// The innermost activation, if the running thread acts for a domain.
#[inline]
pub(crate) fn innermost(thread: &ThreadSlot) -> Option<&Activation> {
    if thread.owner().is_host() {
        return None;
    }
    // SAFETY: the top frame is valid, and not the host's: it begins an activation. Whoever asks is called
    // above it, and has forgotten it when it is taken off.
    Some(unsafe { &*thread.top().cast::<Activation>() })
}

/// Whom the running thread entered first of all that it is in.
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

/// The innermost activation, also below frames of the host's.
#[cfg(all(feature = "contain", target_arch = "x86_64"))]
pub(crate) fn nearest(thread: &ThreadSlot) -> Option<&Activation> {
    first_from(thread.top())
}

/// The innermost activation at or below the frame `at`, which is on the running thread's chain.
#[cfg(all(feature = "contain", target_arch = "x86_64"))]
fn first_from<'a>(mut at: *const Frame) -> Option<&'a Activation> {
    // SAFETY: frames on the chain are valid while the thread is above them.
    while let Some(frame) = unsafe { at.as_ref() } {
        if !frame.owner().is_host() {
            // SAFETY: a frame that is not the host's begins an activation, which is as valid as its frame;
            // whoever asks is called above it.
            return Some(unsafe { &*at.cast::<Activation>() });
        }
        at = frame.prev();
    }
    None
}

/// For whom the thread runs, as a target: what an exported object's proxies enter.
pub(crate) fn exporter() -> Target {
    let thread = thread::current();
    let block = control::block(thread.owner());
    if thread.owner().is_host() {
        return Target::new(block, block.word());
    }
    // SAFETY: the top frame is not the host's: it begins an activation.
    let target = unsafe { (*thread.top().cast::<Activation>()).target() };
    // Also in `init`: it can be entered once that has returned.
    let running = Word::new(target.expected().generation(), State::Running);
    Target::new(block, running)
}

/// The generation for which the running thread acts; `None` for the host.
#[cfg(feature = "alloc")]
pub(crate) fn current_target() -> Option<Target> {
    innermost(thread::current()).map(Activation::target)
}

/// How many frames of a thread's chain are looked at.
const NEAR: usize = 64;

impl Target {
    /// Whether an activation of this generation is on the running thread's chain, near enough to be seen. Of the host none
    /// counts. Constant time: others have made the chain as long as they like.
    #[must_use]
    pub fn is_on_own_chain(&self) -> bool {
        self.is_near() == Some(true)
    }

    /// [`is_on_own_chain`](Self::is_on_own_chain), or may be further out than can be seen. Nobody is inside of one that has
    /// drained.
    pub(crate) fn may_be_on_own_chain(&self) -> bool {
        self.is_near().unwrap_or_else(|| !self.block().is_drained())
    }

    /// Whether an activation of this generation is among the [`NEAR`] innermost frames; `None` if there are more frames, and it
    /// is not.
    fn is_near(&self) -> Option<bool> {
        if self.owner().is_host() {
            // Not each of its frames begins an activation.
            return Some(false);
        }
        let mut at = thread::current().top();
        for _ in 0..NEAR {
            // SAFETY: frames on the chain are valid while the thread is above them.
            let Some(frame) = (unsafe { at.as_ref() }) else {
                return Some(false);
            };
            if frame.owner() == self.owner() {
                // SAFETY: a frame that is not the host's begins an activation.
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
