//! Checks that the time of every function that a domain can call is charged to a domain, however the call ends.
//!
//! The machine calls each function of the generated list (`surface.rs`). In this test some of the calls run in single
//! steps. Before each instruction, the test asks which account a tick would charge.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_host_std::{DomainAlloc, System};
use samara_state_machine::{BYTES, Machine, Step, Time, survey, times};
use samara_testkit::hosted::Rng;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

const STEPS: usize = 4_000;

/// The limit on the instructions of a function's calls that are charged to no domain. The first number allows for the
/// way into the calls and out of them. In addition, one uncharged instruction is allowed for each group of charged
/// ones; the second number is the size of such a group.
const LOST: (u64, u64) = (100, 8);

/// Invariant: ORDER-19
#[test]
fn every_callable_function_is_charged_to_a_domain() {
    let mut rng = Rng::new(2);
    survey(|| {
        let mut machine = Machine::new("time", 3);
        for _ in 0..STEPS {
            machine.step(Step::decode([(); BYTES].map(|()| rng.below(256) as u8)));
        }
        machine.end();
    });
    let times: Vec<_> = times().collect();
    for time in &times {
        println!("{time:?}");
    }
    assert!(
        times.len() > 50,
        "only {} functions were surveyed",
        times.len()
    );
    let (least, part) = LOST;
    let is_lost = |time: &&Time| time.lost + time.uncharged > time.charged / part + least;
    let lost: Vec<_> = times.iter().filter(is_lost).collect();
    assert!(
        lost.is_empty(),
        "functions whose time no domain is charged for: {lost:#?}"
    );
}
