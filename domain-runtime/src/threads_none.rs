//! Domains have no threads: without an allocator there is no memory for their closures.

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
