//! Whose shortage it is when an entry finds too little stack: the thread's that it runs on, or the start's that led
//! there.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

use samara_shared_heap::thread::{Shortage, ThreadSlot};

#[cfg(feature = "alloc")]
use crate::{call::Target, stack};
#[cfg(feature = "alloc")]
use samara_shared_heap::thread;

/// Bytes of stack that the thread has in use, of those below too that it comes back to.
fn depth(thread: &ThreadSlot) -> usize {
    let here = 0_u8;
    let used = thread.stack().end.saturating_sub((&raw const here).addr());
    thread.below().saturating_add(used)
}

/// Notes that `needed` bytes were missed here. Whoever answers `StackExhausted` does.
pub(crate) fn note(thread: &ThreadSlot, needed: usize) {
    let depth = depth(thread);
    thread.note_shortage(Shortage { depth, needed });
}

/// `callee`, which may run on another stack: all of this one that is in use counts there.
pub(crate) fn moved(thread: &ThreadSlot, callee: &mut dyn FnMut()) -> impl FnMut() {
    let (end, below, depth) = (thread.stack().end, thread.below(), depth(thread));
    move || {
        if thread.stack().end != end {
            thread.set_below(depth);
        }
        callee();
        thread.set_below(below);
    }
}

/// Watches a start, or calls that are made again, for shortages that are not its own.
#[cfg(feature = "alloc")]
#[derive(Debug)]
pub struct Watch {
    thread: &'static ThreadSlot,
    began: usize,
    /// What it may use itself.
    promised: usize,
    /// What was noted before.
    outer: Shortage,
}

#[cfg(feature = "alloc")]
impl Watch {
    /// From here on, of a domain whose spec asks for `bytes` of stack.
    pub(crate) fn begin(bytes: usize) -> Self {
        Self::of(stack::promised(bytes))
    }

    /// From here on, of calls that are made again on an object of `target`.
    #[must_use]
    pub fn replay_on(target: Target) -> Self {
        Self::of(target.block().stack.to_start())
    }

    fn of(promised: usize) -> Self {
        let thread = thread::current();
        let outer = thread.shortage();
        thread.set_shortage(Shortage::NONE);
        Self {
            thread,
            began: depth(thread),
            promised,
            outer,
        }
    }

    /// Bytes of stack with which it would have got further, if room was missed where no more than the promised bytes
    /// were in use.
    #[must_use]
    pub fn lacked(&self) -> Option<usize> {
        let Shortage { depth, needed } = self.thread.shortage();
        let used = depth.saturating_sub(self.began);
        // Beside what lies between here and where room is asked for.
        let enough = used.saturating_add(needed).saturating_add(stack::RESERVE);
        (used <= self.promised).then_some(enough)
    }
}

#[cfg(feature = "alloc")]
impl Drop for Watch {
    fn drop(&mut self) {
        self.thread.note_shortage(self.outer);
    }
}
