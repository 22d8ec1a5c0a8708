//! The check that functions which only the host may call make first: for whom does the thread act?

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
