//! Who has a certain slot next.

use samara_domain_runtime::{Domain, Interface};
use samara_shared_heap::owner::MAX_OWNERS;
use std::vec::Vec;

/// Starts domains until one has `slot`, which is free; those before it are killed. A slot that an earlier test
/// has left just now may come first.
///
/// # Panics
/// If none has it.
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
        assert!(others.len() < MAX_OWNERS, "nobody has slot {slot}");
    };
    for other in others {
        other.kill();
    }
    super::host().reap();
    next
}
