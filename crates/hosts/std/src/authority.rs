//! Authority of callable functions: a function that only the host may call checks for whom the thread acts.

use samara_shared_heap::thread;

/// Panics on a thread that acts for a domain, which kills that domain.
#[track_caller]
pub(crate) fn demand(function: &str) {
    let owner = thread::current().owner();
    assert!(
        owner.is_host(),
        "`samara_host_std::{function}` is the host's: {owner:?} has no such authority; hand it what it needs as an argument of `init`"
    );
}
