//! The machine at random: alone, with all totals after each step and failures made small; several at
//! once on several threads, a million steps in all; and several threads in the same domains.
//!
//! `SAMARA_MACHINE_STEPS` asks for another number of steps (a night: 1000000000),
//! `SAMARA_MACHINE_SEED` for another seed. A failure names its seed.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use samara_host_std::{DomainAlloc, System, live_bytes, runtime};
use samara_machine::{BYTES, Machine, Step, Together};
use samara_shared_heap::Owner;
use samara_shared_heap::heap::{self, Census};
use samara_testkit::hosted::{Rng, alone};
use std::env;
use std::io::{self, Write};
use std::thread::scope;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

fn number(name: &str, default: u64) -> u64 {
    let given = env::var(name).ok().and_then(|text| text.parse().ok());
    given.unwrap_or(default)
}

fn seed() -> u64 {
    number("SAMARA_MACHINE_SEED", 1)
}

/// Says what is run, whether or not it fails: past the harness, which shows only what failed.
fn say(what: &str, steps: u64) {
    let seed = seed();
    let _ = writeln!(
        io::stderr(),
        "{what}: {steps} steps, SAMARA_MACHINE_SEED={seed}"
    );
}

fn sum(a: Census, b: Census) -> Census {
    Census {
        objects: a.objects + b.objects,
        bytes: a.bytes + b.bytes,
        capabilities: a.capabilities + b.capabilities,
    }
}

/// What the process has: objects, bytes of pages by the heap's count and by the host's, domains.
fn totals() -> (Census, usize, usize, usize) {
    runtime().reap();
    heap::trim();
    let domains = runtime().domains().count();
    (
        heap::census_all(),
        heap::held_bytes(),
        live_bytes(),
        domains,
    )
}

/// A tenth of the steps, in runs of up to 300, with what the host holds and the sum over all owners
/// compared after each.
#[test]
fn alone_with_all_totals() {
    let _alone = alone();
    let before = totals();
    let cases = number("SAMARA_MACHINE_STEPS", 1_000_000) / 10 / 150;
    say("alone, of at most 300 a run", cases * 150);
    let config = Config {
        cases: u32::try_from(cases).unwrap_or(u32::MAX),
        failure_persistence: None,
        max_shrink_iters: 4000,
        ..Config::default()
    };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed().to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let steps = prop::collection::vec(any::<[u8; BYTES]>(), 1..300);
    let run = |steps: Vec<[u8; BYTES]>| {
        let mut machine = Machine::new("alone", 4);
        let host = heap::census(Owner::HOST);
        let (all, held) = (heap::census_all(), machine.all());
        for step in steps {
            machine.step(Step::decode(step));
            prop_assert_eq!(heap::census(Owner::HOST), sum(host, machine.held()));
            prop_assert_eq!(sum(heap::census_all(), held), sum(all, machine.all()));
        }
        machine.end();
        prop_assert_eq!(totals(), before);
        Ok(())
    };
    if let Err(error) = TestRunner::new_with_rng(config, rng).run(&steps, run) {
        panic!("seed {}: {error}", seed());
    }
}

const THREADS: usize = 4;
/// Steps of a thread before the totals are compared and the machines change threads.
const ROUND: u64 = 2000;

#[test]
fn several_on_several_threads() {
    let _alone = alone();
    let before = totals();
    let host = heap::census(Owner::HOST);
    let rounds = number("SAMARA_MACHINE_STEPS", 1_000_000).div_ceil(ROUND * THREADS as u64);
    say("several machines", rounds * ROUND * THREADS as u64);
    let mut machines: Vec<_> = (0..THREADS)
        .map(|at| Machine::new(&format!("several-{at}"), 3))
        .collect();
    for round in 0..rounds {
        println!("round {round} of {rounds}, seed {}", seed());
        // New threads each time: new shards, and objects that others' caches gave out.
        scope(|scope| {
            for (at, machine) in machines.iter_mut().enumerate() {
                let stream = seed() ^ (round << 8 | at as u64) << 16;
                scope.spawn(move || {
                    let mut rng = Rng::new(stream);
                    for _ in 0..ROUND {
                        let bytes = [(); BYTES].map(|()| rng.below(256) as u8);
                        machine.step(Step::decode(bytes));
                    }
                });
            }
        });
        let held = machines.iter().fold(host, |all, one| sum(all, one.held()));
        assert_eq!(heap::census(Owner::HOST), held, "round {round}");
    }
    machines.into_iter().for_each(Machine::end);
    assert_eq!(totals(), before);
}

#[test]
fn several_threads_in_the_same_domains() {
    const STEPS: u64 = 500;
    let _alone = alone();
    let before = totals();
    let rounds = number("SAMARA_MACHINE_STEPS", 1_000_000) / 2 / (STEPS * THREADS as u64);
    say("together", rounds * STEPS * THREADS as u64);
    let together = Together::new("together", 3);
    for round in 0..rounds {
        println!("round {round} of {rounds}, seed {}", seed());
        together.round(THREADS as u64, STEPS, seed() ^ round << 8);
    }
    let restarts = together.end();
    assert!(restarts > 10 * rounds, "only {restarts} restarts");
    assert_eq!(totals(), before);
}
