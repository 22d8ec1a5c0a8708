//! Checks that the machine calls every safe function that a domain can reach through `samara-domain`.
//!
//! The list comes from rustdoc's output for the crates, so a new function is on it automatically.

mod reachable;

use reachable::Name;
use samara_host_std::{DomainAlloc, System};
use samara_state_machine::{BYTES, Machine, Step, calls};
use samara_testkit::hosted::Rng;
use std::collections::BTreeSet;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

/// Functions on the list that no domain of the machine can call, with the reason.
const NOT_CALLED: &[(&str, &str)] = &[
    (
        "Exchangeable::transfer",
        "needs a `Transfer`, which only trusted code has",
    ),
    (
        "Drop::drop",
        "the compiler calls it, and rejects explicit calls",
    ),
    (
        "Proxy::try_new",
        "needs an `Instance`, which only a host has; `Domain::proxy` calls it",
    ),
    (
        "TypeDescriptor::shaped",
        "evaluated by the derive: a constant, with shapes that only generated code names",
    ),
];

/// The number of steps within which each function must be called at least once.
const STEPS: usize = 40_000;

/// Invariant: ORDER-56
#[test]
fn the_machine_calls_every_safe_function() {
    let mut rng = Rng::new(1);
    let mut machine = Machine::new("surface", 3);
    for _ in 0..STEPS {
        machine.step(Step::decode([(); BYTES].map(|()| rng.below(256) as u8)));
    }
    machine.end();
    let called: BTreeSet<Name> = calls()
        .filter(|(_, times)| *times > 0)
        .map(|(name, _)| Name::of_function(name))
        .collect();
    let reachable = reachable::all(&["samara_domain"]);
    assert!(reachable.len() > 100, "the list is short: {reachable:?}");
    let excused = |name: &Name| {
        NOT_CALLED
            .iter()
            .any(|(prefix, _)| name.member().starts_with(prefix))
    };
    let missing: Vec<_> = reachable
        .iter()
        .filter(|name| !called.contains(*name) && !excused(name))
        .map(Name::to_string)
        .collect();
    println!(
        "{} functions, {} of them called",
        reachable.len(),
        called.len()
    );
    assert!(
        missing.is_empty(),
        "{} safe functions that a domain can reach are never called; add each to `crates/testing/state-machine/src/area` by `call!`:\n{}",
        missing.len(),
        missing.join("\n")
    );
    let stale = |(prefix, _): &&(&str, &str)| {
        !reachable
            .iter()
            .any(|name| name.member().starts_with(prefix))
    };
    let stale: Vec<_> = NOT_CALLED.iter().filter(stale).collect();
    assert!(
        stale.is_empty(),
        "`NOT_CALLED` names functions that are not on the list: {stale:?}"
    );
}
