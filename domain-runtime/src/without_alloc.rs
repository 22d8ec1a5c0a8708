//! Stand-ins for the parts that need an allocator: private heaps, the ends of a name's generations, charges, threads
//! and waits. A host without an allocator has single generations only.
//!
//! Each module has the functions of its namesake that the rest of the crate calls.

/// No private heaps: a host without an allocator has nothing to make them from.
pub mod arena {
    use samara_shared_heap::Owner;

    pub(crate) fn set_quota(_: Owner, _: Option<usize>) {}

    /// Whether allocations come from the domain's private heap. It is always true here: without an allocator there
    /// are no allocations, and a heap quota cannot be evaded.
    pub(crate) fn is_private() -> bool {
        true
    }

    /// Bytes of private heap that `owner` has: always 0.
    #[must_use]
    pub fn committed(_: Owner) -> usize {
        0
    }

    /// # Safety
    /// None. This function is `unsafe` because the version with private heaps is.
    pub(crate) unsafe fn release(_: Owner) -> usize {
        0
    }
}

/// Without an allocator no name has several generations, so no code asks how generations of a name ended.
pub(crate) mod exits {
    use crate::exit_reason::End;
    use core::time::Duration;

    /// A slot's reference to the ends of its name: there is none.
    #[derive(Clone, Debug)]
    pub(crate) enum Shared {}

    impl Shared {
        pub(crate) fn push(&self, _: usize, _: u32, _: Duration, _: &End) {
            match *self {}
        }
    }

    /// Never called: there is no name.
    pub(crate) fn name_of(exits: &Shared) -> usize {
        match *exits {}
    }
}

/// Without an allocator the host keeps nothing on a domain's behalf.
pub mod host_charges {
    use samara_shared_heap::Owner;

    pub(crate) const fn set_limit(_: Owner, _: usize) {}

    pub(crate) const fn bytes(_: Owner) -> usize {
        0
    }

    pub(crate) const fn end(_: Owner) {}
}

/// Domains have no threads: without an allocator there is no memory for their closures.
pub mod threads {
    use core::convert::Infallible;
    use samara_shared_heap::Owner;

    /// A domain's thread that a host is asked to start: there is none.
    #[derive(Debug)]
    pub struct DomainThread(Infallible);

    impl DomainThread {
        /// The index that the host parks and wakes this thread by.
        #[must_use]
        pub const fn index(&self) -> usize {
            match self.0 {}
        }

        /// Runs the thread.
        pub fn run(self) {
            match self.0 {}
        }
    }

    pub(crate) fn set_limit(_: Owner, _: u32, _: usize) {}

    pub(crate) fn live(_: Owner) -> u32 {
        0
    }

    pub(crate) fn wake_all(_: Owner) {}
}

/// Without services no call waits for a restart.
pub(crate) mod wait_budget {
    use crate::error::RpcError;

    /// The waits of one call in its recoveries: there are none.
    #[derive(Debug, Default)]
    pub struct Waits(());

    impl Waits {
        /// The waits of a call that has not waited.
        #[must_use]
        pub const fn new() -> Self {
            Self(())
        }

        /// Does not wait.
        ///
        /// # Errors
        /// None.
        pub const fn back_off(&self, _: u32) -> Result<(), RpcError> {
            Ok(())
        }
    }
}
