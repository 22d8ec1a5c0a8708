//! More stack for a thread whose own is short.

/// The party for which a thread asks for more stack: the host, or the domain that the thread entered first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentRequester(Option<usize>);

impl SegmentRequester {
    pub(crate) const fn new(segments: Option<usize>) -> Self {
        Self(segments)
    }

    /// Returns how many segments the threads of all generations of the domain's name have, including the segment that
    /// is asked for. Returns `None` for the host.
    #[must_use]
    pub const fn segments(self) -> Option<usize> {
        self.0
    }

    /// Whether the requester may have one of the `left` segments of `total`. While at least half of the segments are
    /// left, every requester may have one. After that a domain may have at most a 16th of the total, but at least one
    /// segment. The host may have any segment that is left.
    #[must_use]
    pub const fn may_have(self, left: usize, total: usize) -> bool {
        let share = if total < 16 { 1 } else { total / 16 };
        match self.0 {
            _ if left == 0 => false,
            None => true,
            Some(segments) => left >= total.div_ceil(2) || segments <= share,
        }
    }
}

/// A host's hook for stacks that are short. Optional, set with
/// [`Runtime::set_stack_probe`](crate::Runtime::set_stack_probe): without one a call that finds too little room is
/// refused.
///
/// # Safety
/// [`extend`](Self::extend) calls `callee` at most once, on the running thread, with at least as much room as is
/// needed. While `callee` runs, the thread's slot records the stack that it runs on.
pub unsafe trait StackProbe: Sync {
    /// Gives the running thread more stack. The thread is about to enter a domain that needs `needed` bytes of stack,
    /// but it has only `left` bytes. To grant the request, the host calls `callee` on a fresh segment or on the
    /// lengthened stack, comes back to the old stack and returns true. To refuse the call, it returns false. The
    /// runtime calls this as the host; `callee` does not unwind. A host with a fixed number of segments asks `asker`
    /// whether it [may have](SegmentRequester::may_have) one.
    fn extend(
        &self,
        needed: usize,
        left: usize,
        asker: SegmentRequester,
        callee: &mut dyn FnMut(),
    ) -> bool {
        let _ = (needed, left, asker, callee);
        false
    }

    /// Closes the reserve of the running thread's stack, if [`Verdict::Reserve`](crate::contain) had it opened.
    /// Called when the thread has left a domain that has died or drains. If trusted code in the reserve called that
    /// domain, frames still lie there. In that case, and if the room above the reserve is too small for closing it,
    /// the host leaves the reserve open. The thread calls this again when it has returned further.
    fn close_reserve(&self) {}
}
