//! Authority by being callable: functions that only the host may call look for whom the thread acts.

use samara_shared_heap::thread;

/// Panics on a thread that acts for a domain, whose death that is.
#[track_caller]
pub(crate) fn demand(what: &str) {
    let owner = thread::current().owner();
    assert!(
        owner.is_host(),
        "`samara_host_std::{what}` is the host's: {owner:?} has no such authority; hand it what it needs as an argument of `init`"
    );
}
