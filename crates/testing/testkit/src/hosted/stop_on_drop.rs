//! Domains that end with their test.

use std::ops::Deref;
use std::time::Duration;

use samara_domain_runtime::{Domain, Interface};

/// A domain that is stopped when this value is dropped. So a failed test leaves no domain behind for the next one.
#[derive(Debug)]
pub struct Stopped<I: ?Sized + Interface>(pub Domain<I>);

impl<I: ?Sized + Interface> Deref for Stopped<I> {
    type Target = Domain<I>;

    fn deref(&self) -> &Domain<I> {
        &self.0
    }
}

impl<I: ?Sized + Interface> Drop for Stopped<I> {
    fn drop(&mut self) {
        // An error is ignored: the test itself may have ended the domain.
        let _ = self.0.stop(Duration::from_secs(10));
    }
}
