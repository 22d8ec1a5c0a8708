//! Checks that the random driver calls every safe function of `samara-device-io`.
//!
//! The list comes from rustdoc's output for the crate, so a new function is on it automatically.

#[path = "../../state-machine/tests/reachable/mod.rs"]
mod reachable;

use reachable::Name;
use samara_device_state_machine::{Case, Where, be_quiet, calls};
use samara_host_std::{DomainAlloc, System};
use samara_testkit::hosted::Rng;
use std::collections::BTreeSet;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

/// Functions on the list that a driver cannot call, with the reason.
const NOT_CALLED: &[(&str, &str)] = &[
    (
        "Exchangeable::transfer",
        "needs a `DmaTransfer`, which only trusted code has",
    ),
    (
        "Drop::drop",
        "the compiler calls it, and rejects explicit calls",
    ),
    (
        "Messages::release",
        "takes back a message, which `NoMessages` never gives out",
    ),
];

/// Types of which a driver cannot have a value.
const EMPTY: &[&str] = &["Objects", "ReadOnly", "ReadWrite", "Transfers", "WriteOnly"];

/// The test fails if after this many cases, of this many steps each, some function was never called.
const CASES: usize = 200;
const STEPS: usize = 200;

/// Invariant: ORDER-57
#[test]
fn the_driver_calls_every_safe_function() {
    be_quiet();
    let reachable = reachable::own(&["samara_device_io"]);
    assert!(reachable.len() > 100, "the list is short: {reachable:?}");
    let excused = |name: &Name| {
        let is_empty = EMPTY.iter().any(|of| name.to_string().starts_with(of));
        let mut all = NOT_CALLED.iter();
        is_empty || all.any(|(prefix, _)| name.member().starts_with(prefix))
    };
    let mut rng = Rng::new(1);
    let mut word = || (rng.below(1 << 32) as u64 | (rng.below(1 << 32) as u64) << 32).to_le_bytes();
    let (mut called, mut missing) = (BTreeSet::new(), Vec::new());
    for _ in 0..CASES {
        let mut case = Case::new(word(), Where::Anywhere);
        (0..STEPS).for_each(|_| case.step(word()));
        case.end();
        let names = calls().filter(|(_, times)| *times > 0);
        called = names.map(|(name, _)| Name::of_function(name)).collect();
        let is_missing = |name: &&Name| !called.contains(*name) && !excused(name);
        let names = reachable.iter().filter(is_missing);
        missing = names.map(Name::to_string).collect();
        if missing.is_empty() {
            break;
        }
    }
    println!(
        "{} functions, {} of them called",
        reachable.len(),
        called.len()
    );
    assert!(
        missing.is_empty(),
        "{} safe functions are never called; add each to `crates/testing/device-state-machine/src/area` by `call!`:\n{}",
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
