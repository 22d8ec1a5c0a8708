//! The random driver: alone, in domains, on several threads. A million steps in all.
//!
//! `SAMARA_DEVICE_MACHINE_STEPS` asks for another number of steps, `SAMARA_DEVICE_MACHINE_SEED` for another seed. A failure names the
//! seed of its case, and the steps of it that fail: `SAMARA_DEVICE_MACHINE_CASE=seed,length,step` takes them again.

use samara_device_machine::{Case, Where, Word, be_quiet, reached};
use samara_host_std::{DomainAlloc, System};
use samara_machine::shortest;
use samara_testkit::hosted::{Rng, alone};
use std::env;
use std::io::{self, Write};
use std::panic;
use std::thread::panicking;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

/// Steps of a case at most.
const LONGEST: usize = 400;

fn number(name: &str, default: u64) -> u64 {
    let given = env::var(name).ok().and_then(|text| text.parse().ok());
    given.unwrap_or(default)
}

fn seed() -> u64 {
    number("SAMARA_DEVICE_MACHINE_SEED", 1)
}

fn steps() -> u64 {
    number(
        "SAMARA_DEVICE_MACHINE_STEPS",
        number("SAMARA_MACHINE_STEPS", 1_000_000),
    )
}

/// Says what is run, whether or not it fails: past the harness, which shows only what failed.
fn say(what: &str, steps: u64) {
    let seed = seed();
    let _ = writeln!(
        io::stderr(),
        "{what}: {steps} steps, SAMARA_DEVICE_MACHINE_SEED={seed}"
    );
}

fn word(rng: &mut Rng) -> Word {
    (rng.below(1 << 32) as u64 | (rng.below(1 << 32) as u64) << 32).to_le_bytes()
}

/// Tells, where a mode fails, after how many steps it did.
struct Taken(u64);

impl Drop for Taken {
    fn drop(&mut self) {
        if panicking() {
            eprintln!("failed after {} steps", self.0);
        }
    }
}

/// Takes the steps in a case of their own, whose seed is the first of them.
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

/// The shortest part of a case that fails is told.
fn tell_shortest(place: Where, steps: &[Word]) {
    let Some((seed, rest)) = steps.split_first() else {
        return;
    };
    let with_seed = |rest: &[Word]| [&[*seed][..], rest].concat();
    let short = shortest(|rest: &[Word]| run(place, &with_seed(rest)), rest);
    eprintln!("case {seed:?}; of {} steps these fail:", rest.len());
    short.iter().for_each(|step| eprintln!("    {step:?}"));
    let _ = panic::catch_unwind(|| run(place, &with_seed(&short)));
}

fn cases(what: &str, place: Where, steps: u64) {
    let _alone = alone();
    be_quiet();
    say(what, steps);
    let mut rng = Rng::new(seed());
    let mut taken = Taken(0);
    while taken.0 < steps {
        let length = 1 + rng.below(LONGEST);
        let steps: Vec<_> = (0..=length).map(|_| word(&mut rng)).collect();
        taken.0 += length as u64;
        if let Err(payload) = panic::catch_unwind(|| run(place, &steps)) {
            if number("SAMARA_MACHINE_SHORTEST", 1) != 0 {
                tell_shortest(place, &steps);
            }
            panic::resume_unwind(payload);
        }
    }
    for (what, times) in reached() {
        println!("{what}: {times}");
    }
}

/// Drivers that run as the host, which no panic ends.
#[test]
fn drivers_of_the_host() {
    cases("drivers of the host", Where::Host, steps() / 2);
}

/// Drivers that are cut at an instruction of a call of the engine's: each takes a signal for every instruction before it.
#[test]
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
fn drivers_under_ticks() {
    /// Most instructions of a call before its cut, and calls of a step before that one.
    const LATEST: usize = 4096;
    const CALLS: usize = 24;
    /// Steps of a case, and how many there are to one that is cut.
    const STEPS: usize = 150;
    const BETWEEN: usize = 5;
    let _alone = alone();
    be_quiet();
    let steps = steps() / 250;
    say("drivers under ticks", steps);
    let mut rng = Rng::new(seed());
    let (mut taken, mut cut) = (Taken(0), 0);
    while taken.0 < steps {
        let seed = word(&mut rng);
        let mut case = Case::new(seed, Where::Cut);
        for _ in 0..STEPS {
            taken.0 += 1;
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
    say(&format!("{cut} of them deadly"), steps);
    assert!(cut > steps / 50, "only {cut} cuts");
}

/// Drivers whose functions several threads share: what each does to the other is not the same in two runs.
#[test]
fn drivers_on_several_threads() {
    const STEPS: usize = 100;
    let _alone = alone();
    be_quiet();
    let steps = steps() / 10;
    say("drivers on several threads", steps);
    let mut rng = Rng::new(seed());
    let mut taken = Taken(0);
    while taken.0 < steps {
        let seed = word(&mut rng);
        let mut case = Case::new(seed, Where::Anywhere);
        for _ in 0..STEPS {
            if rng.below(3) == 0 {
                taken.0 += 1;
                case.step(word(&mut rng));
            } else {
                // Some steps of each thread.
                taken.0 += 16;
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
