//! Finds out why a start, or a replay of a recorded call, fails: through its own fault, or through a shortage that
//! others caused. An entry may find too little stack because the thread had too little to begin with, or because the
//! start has used it up. A start may also fail because it waits for another domain that it needs.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

use samara_shared_heap::thread::{Shortage, ThreadSlot};

#[cfg(feature = "alloc")]
use crate::{exit_reason::ExitKind, stack};
#[cfg(feature = "alloc")]
use samara_shared_heap::thread::{self, Wait};

/// Bytes of stack that the thread has in use, including stacks that it has left for now and comes back to.
fn depth(thread: &ThreadSlot) -> usize {
    let here = 0_u8;
    let used = thread.stack().end.saturating_sub((&raw const here).addr());
    thread.below().saturating_add(used)
}

/// Notes that `needed` bytes of stack were missed here. All code that returns `StackExhausted` calls this function.
pub(crate) fn note(thread: &ThreadSlot, needed: usize) {
    let depth = depth(thread);
    thread.note_shortage(Shortage { depth, needed });
}

/// Notes that the running thread waits for another domain, or could not get it.
#[cfg(feature = "alloc")]
pub(crate) fn note_wait(wait: Wait) {
    thread::current().note_wait(wait);
}

/// Wraps `callee`, which may run on another stack. If it does, the used part of this stack counts as used there too.
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

/// Watches a start, or recorded calls that are made again, for shortages that are not its own.
#[cfg(feature = "alloc")]
#[derive(Debug)]
pub(crate) struct Watch {
    thread: &'static ThreadSlot,
    began: usize,
    /// Bytes of stack that the watched code may use itself.
    promised: usize,
    /// The shortage that was noted before.
    outer: Shortage,
    outer_wait: Wait,
}

#[cfg(feature = "alloc")]
impl Watch {
    /// Begins to watch code that is promised `promised` bytes of stack.
    pub(crate) fn begin(promised: usize) -> Self {
        let thread = thread::current();
        let outer = thread.shortage();
        thread.set_shortage(Shortage::NONE);
        let outer_wait = thread.wait();
        thread.set_wait(Wait::None);
        Self {
            thread,
            began: depth(thread),
            promised,
            outer,
            outer_wait,
        }
    }

    /// Whether the watched code failed because another domain was not available. Calls were still inside that
    /// domain's dead generation, the domain could not be started, or it was being restarted. `end` is the kind of end
    /// of the watched code: an overrun may be the result of a wait for that domain.
    pub(crate) fn missed_another(&self, end: ExitKind) -> bool {
        match self.thread.wait() {
            Wait::None => false,
            Wait::Long => end == ExitKind::Overrun,
            Wait::Vain => true,
        }
    }

    /// Returns the bytes of stack with which the watched code would have got further. Returns `None` if it had
    /// already used more than the promised bytes when it found too little room.
    pub(crate) fn lacked(&self) -> Option<usize> {
        let Shortage { depth, needed } = self.thread.shortage();
        let used = depth.saturating_sub(self.began);
        // The reserve is for the frames between here and the place where room is asked for.
        let enough = used.saturating_add(needed).saturating_add(stack::RESERVE);
        (used <= self.promised).then_some(enough)
    }
}

#[cfg(feature = "alloc")]
impl Drop for Watch {
    fn drop(&mut self) {
        self.thread.note_shortage(self.outer);
        self.thread.note_wait(self.outer_wait);
    }
}

#[cfg(all(test, not(samara_model)))]
mod tests {
    use super::{depth, moved};
    use samara_shared_heap::thread::ThreadSlot;

    /// Invariant: HEAP-25
    #[test]
    fn bytes_in_use_on_a_left_stack_count() {
        let slot = ThreadSlot::new(0);
        let here = 0_u8;
        let end = (&raw const here).addr() + (1 << 20);
        let on = |end: usize| {
            // SAFETY: the slot is no thread's, and nothing reads that range.
            unsafe { slot.set_stack(end - (2 << 20)..end) };
        };
        on(end);
        let used = depth(&slot);
        assert!((1 << 20..(1 << 20) + (64 << 10)).contains(&used), "{used}");
        let mut callee = || assert!(depth(&slot) >= used + 1000);
        let mut callee = moved(&slot, &mut callee);
        // As if the thread had moved to a segment of which little is in use.
        on((&raw const here).addr() + 1000);
        callee();
        on(end);
        assert_eq!(slot.below(), 0);
        let mut callee = || assert!(depth(&slot) < used + (64 << 10), "counted twice");
        moved(&slot, &mut callee)();
    }
}
