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

    /// Whether the requester may have one of the `left` segments of `total`. While at least half of them are left,
    /// everybody may. After that a domain may have a 16th of all, but at least one; the host may have all.
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
    /// Gives the running thread more stack: it is to enter a domain that needs `needed` bytes of stack, and has only
    /// `left`. To grant the request, the host calls `callee` on a fresh segment or on the lengthened stack, comes
    /// back to the old stack and returns true. To refuse the call, it returns false. The runtime calls this as the
    /// host; `callee` does not unwind. A host with a fixed number of segments asks `asker` whether it [may
    /// have](SegmentRequester::may_have) one.
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
    /// domain, frames still lie there. Then, and if the room above the reserve is too small to close it, the host
    /// leaves it open. The thread calls this again further up.
    fn close_reserve(&self) {}
}
