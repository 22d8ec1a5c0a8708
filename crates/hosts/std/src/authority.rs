//! Checks that the running thread acts for the host. Functions that only the host may call begin with this check.

use samara_shared_heap::thread;

/// Panics if the thread acts for a domain. The panic kills that domain.
#[track_caller]
pub(crate) fn demand(function: &str) {
    let owner = thread::current().owner();
    assert!(
        owner.is_host(),
        "`samara_host_std::{function}` is the host's: {owner:?} has no such authority; hand it what it needs as an argument of `init`"
    );
}
