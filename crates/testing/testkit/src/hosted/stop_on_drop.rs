//! Domains that end with their test.

use std::ops::Deref;
use std::time::Duration;

use samara_domain_runtime::{Domain, Interface};

/// A domain that is stopped when this is dropped: a test that fails leaves the next one no domain of its own.
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
        // A dead one is stopped already.
        let _ = self.0.stop(Duration::from_secs(10));
    }
}
