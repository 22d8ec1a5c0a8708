//! More stack for a thread whose own is short.

/// For whom a thread asks for more stack: the host, or the domain that it entered first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentRequester(Option<usize>);

impl SegmentRequester {
    pub(crate) const fn new(segments: Option<usize>) -> Self {
        Self(segments)
    }

    /// How many segments the threads of the domain, and of all generations of its name, have with the one that is asked
    /// for; `None` for the host.
    #[must_use]
    pub const fn segments(self) -> Option<usize> {
        self.0
    }

    /// Whether it may have one of the `left` segments of `total`. While half of them are left everybody may. Then a
    /// domain may have a 16th of all, and one at least; the host may have all.
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

/// What a host may do about stacks that are short. Optional, set with
/// [`Runtime::set_stack_probe`](crate::Runtime::set_stack_probe): without one a call that finds too little
/// room is refused.
///
/// # Safety
/// [`extend`](Self::extend) calls what it is given at most once, on the running thread, with at least as
/// much room as is needed; while that runs, the thread's slot tells the stack that it runs on.
pub unsafe trait StackProbe: Sync {
    /// The running thread is to enter a domain which needs `needed` bytes of stack; it has only `left`.
    /// Either calls `callee`, on a fresh segment or where the stack was made longer, comes back to the
    /// old one and returns true; or returns false, which refuses the call. Called as the host; `callee`
    /// does not unwind.
    /// A host with so many segments asks `asker` whether it [may have](SegmentRequester::may_have) one.
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

    /// The running thread has left a domain that died on it, so its stack's reserve, if
    /// [`Verdict::Reserve`](crate::contain) had it opened, may be closed: nothing lies there,
    /// unless trusted code that has come that far called the domain. Then, and where closing it has no room above it, it
    /// is asked again further up.
    fn close_reserve(&self) {}
}
