//! Starts a domain in a certain slot.

use samara_domain_runtime::{Domain, Interface};
use samara_shared_heap::owner::MAX_OWNERS;
use std::vec::Vec;

/// Starts domains until one gets `slot`, and kills the others. The slot must be free. Several attempts can be
/// necessary, because a new domain may first get a slot that an earlier test has just freed.
///
/// # Panics
/// If no domain gets the slot.
#[must_use]
pub fn spawn_in<I: ?Sized + Interface>(
    slot: usize,
    mut spawn: impl FnMut() -> Domain<I>,
) -> Domain<I> {
    let mut others = Vec::new();
    let next = loop {
        let next = spawn();
        if next.info().id == slot {
            break next;
        }
        others.push(next);
        assert!(
            others.len() < MAX_OWNERS,
            "slot {slot} is not free: none of {MAX_OWNERS} new domains got it"
        );
    };
    for other in others {
        other.kill();
    }
    super::host().reap();
    next
}
