//! Runs the random driver in several modes: as the host, in domains, in domains that are cut at an instruction, and
//! on several threads. All modes together take about a million steps.
//!
//! The crate's documentation says how to repeat the steps of a failure.

use samara_device_state_machine::{Case, Where, Word, be_quiet, coverage};
use samara_host_std::{DomainAlloc, System};
use samara_state_machine::shrink;
use samara_testkit::hosted::{Rng, alone};
use std::env;
use std::io::{self, Write};
use std::panic;
use std::thread::panicking;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

/// The approximate number of steps of all modes. A debug build takes fewer, because it is slower.
const STEPS: u64 = if cfg!(optimised) { 1_000_000 } else { 60_000 };

/// The most steps of a case.
const LONGEST: usize = 400;

fn given(name: &str) -> Option<u64> {
    env::var(name).ok().and_then(|text| text.parse().ok())
}

fn seed() -> u64 {
    given("SAMARA_DEVICE_MACHINE_SEED").unwrap_or(1)
}

fn steps() -> u64 {
    let given = given("SAMARA_DEVICE_MACHINE_STEPS").or_else(|| given("SAMARA_MACHINE_STEPS"));
    given.unwrap_or(STEPS)
}

/// Prints `what` at once. This bypasses the harness, which shows only the output of failed tests.
fn say(what: &str) {
    let _ = writeln!(io::stderr(), "{what}");
}

fn word(rng: &mut Rng) -> Word {
    (rng.below(1 << 32) as u64 | (rng.below(1 << 32) as u64) << 32).to_le_bytes()
}

/// The cases of a mode. New cases begin until the given number of steps was taken. If `SAMARA_DEVICE_MACHINE_CASE` is
/// set, it is the only case. One number determines a case. If a case fails, the drop of this value prints that
/// number, and the number of steps that were taken.
struct Cases {
    rng: Rng,
    steps: u64,
    taken: u64,
    only: Option<u64>,
    current: Option<u64>,
}

impl Cases {
    fn of(what: &str, steps: u64) -> Self {
        be_quiet();
        let seed = seed();
        say(&format!(
            "{what}: {steps} steps, SAMARA_DEVICE_MACHINE_SEED={seed}"
        ));
        Self {
            rng: Rng::new(seed),
            steps,
            taken: 0,
            only: given("SAMARA_DEVICE_MACHINE_CASE"),
            current: None,
        }
    }

    /// Returns the random numbers for the next case, or `None` after the last one.
    fn next(&mut self) -> Option<Rng> {
        self.current = match (self.only, self.current) {
            (Some(_), Some(_)) => None,
            (Some(only), None) => Some(only),
            (None, _) => (self.taken < self.steps).then(|| self.rng.below(1 << 32) as u64),
        };
        self.current.map(Rng::new)
    }
}

impl Drop for Cases {
    fn drop(&mut self) {
        if panicking()
            && let Some(case) = self.current
        {
            let taken = self.taken;
            eprintln!("failed after {taken} steps, in SAMARA_DEVICE_MACHINE_CASE={case}");
        }
    }
}

/// Runs one case. The first word is its seed, and the other words are its steps.
fn run(place: Where, steps: &[Word]) {
    let Some((seed, steps)) = steps.split_first() else {
        return;
    };
    let mut case = Case::new(*seed, place);
    for step in steps {
        case.step(*step);
    }
    case.end();
}

/// Prints the shortest failing part of a case, and runs it again.
fn tell_shortest(place: Where, steps: &[Word]) {
    let Some((seed, rest)) = steps.split_first() else {
        return;
    };
    let with_seed = |rest: &[Word]| [&[*seed][..], rest].concat();
    let short = shrink(|rest: &[Word]| run(place, &with_seed(rest)), rest);
    eprintln!("case {seed:?}; of {} steps these fail:", rest.len());
    short.iter().for_each(|step| eprintln!("    {step:?}"));
    let _ = panic::catch_unwind(|| run(place, &with_seed(&short)));
}

fn cases(what: &str, place: Where, steps: u64) {
    let _alone = alone();
    let mut cases = Cases::of(what, steps);
    while let Some(mut rng) = cases.next() {
        let length = 1 + rng.below(LONGEST);
        let steps: Vec<_> = (0..=length).map(|_| word(&mut rng)).collect();
        cases.taken += length as u64;
        if let Err(payload) = panic::catch_unwind(|| run(place, &steps)) {
            if given("SAMARA_MACHINE_SHORTEST") != Some(0) {
                tell_shortest(place, &steps);
            }
            panic::resume_unwind(payload);
        }
    }
    for (what, times) in coverage() {
        println!("{what}: {times}");
    }
}

/// Drivers that run as the host. A panic does not end such a driver.
#[test]
fn drivers_of_the_host() {
    cases("drivers of the host", Where::Host, steps() / 2);
}

/// Drivers that are cut at an instruction inside a call of the engine. Each cut is slow, because it takes a signal
/// for every instruction of the call before it.
#[test]
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
fn drivers_under_ticks() {
    /// The limits of the random place of the cut: the number of instructions of the call before it, and the number of
    /// calls of the step before the call that is cut.
    const LATEST: usize = 4096;
    const CALLS: usize = 24;
    /// Steps of a case. One step in `BETWEEN` is cut.
    const STEPS: usize = 150;
    const BETWEEN: usize = 5;
    let _alone = alone();
    let mut cases = Cases::of("drivers under ticks", steps() / 250);
    let mut cut = 0;
    while let Some(mut rng) = cases.next() {
        let mut case = Case::new(word(&mut rng), Where::Cut);
        for _ in 0..STEPS {
            cases.taken += 1;
            if rng.below(BETWEEN) == 0 {
                let at = 1_usize << rng.below(LATEST.ilog2() as usize + 1);
                let (call, at) = (rng.below(CALLS) as u32, rng.below(at) as u64);
                cut += u64::from(case.step_cut(word(&mut rng), call, at));
            } else {
                case.step(word(&mut rng));
            }
        }
        case.end();
    }
    say(&format!("drivers under ticks: {cut} steps were deadly"));
    assert!(cut > cases.taken / 50, "too few cuts: {cut}");
}

/// Drivers whose functions several threads share. The interleaving of the threads differs from run to run.
#[test]
fn drivers_on_several_threads() {
    const STEPS: usize = 100;
    let _alone = alone();
    let mut cases = Cases::of("drivers on several threads", steps() / 10);
    while let Some(mut rng) = cases.next() {
        let mut case = Case::new(word(&mut rng), Where::Anywhere);
        for _ in 0..STEPS {
            if rng.below(3) == 0 {
                cases.taken += 1;
                case.step(word(&mut rng));
            } else {
                // Each thread takes some steps.
                cases.taken += 16;
                case.step_together(word(&mut rng));
            }
        }
        case.end();
    }
}

/// Drivers in domains, which die and are restarted.
#[test]
fn drivers_in_domains() {
    cases("drivers in domains", Where::Domains, steps() / 2);
}
