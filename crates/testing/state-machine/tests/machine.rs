//! The random machine in several modes. In one mode a machine runs alone: all totals are compared after each step,
//! and failures are shrunk. In another one several machines run at once on several threads. In a third one several
//! threads run in the same domains. All modes together take about a million steps.
//!
//! `SAMARA_MACHINE_STEPS` sets another number of steps (for a night: 1000000000), and `SAMARA_MACHINE_SEED` another
//! seed. A failure prints its seed.

use samara_domain_runtime::{Event, arena};
use samara_host_std::{DomainAlloc, live_bytes, runtime};
use samara_shared_heap::Owner;
use samara_shared_heap::heap::{self, Census};
use samara_shared_heap::owner::MAX_OWNERS;
use samara_state_machine::{BYTES, Machine, Paid, Step, Together, shrink};
use samara_testkit::hosted::{Counted, Rng, alone};
use std::env;
use std::io::{self, Write};
use std::panic;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{MutexGuard, Once};
use std::thread::{panicking, scope};
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<Counted> = DomainAlloc::new(Counted);

fn number(name: &str, default: u64) -> u64 {
    let given = env::var(name).ok().and_then(|text| text.parse().ok());
    given.unwrap_or(default)
}

fn seed() -> u64 {
    number("SAMARA_MACHINE_SEED", 1)
}

/// Whether a failing run is shrunk. `SAMARA_MACHINE_SHORTEST=0` switches this off for suites whose runs are meant to
/// fail, such as the holes.
fn makes_small() -> bool {
    number("SAMARA_MACHINE_SHORTEST", 1) != 0
}

/// The number of steps taken so far, and the last step. If the test fails, the drop prints both. If several threads
/// take steps, the number is that of one thread.
struct Taken(u64, Option<Step>);

impl Drop for Taken {
    fn drop(&mut self) {
        if panicking() {
            eprintln!("failed after {} steps", self.0);
            self.1.iter().for_each(|step| eprintln!("    {step:?}"));
        }
    }
}

/// An event sink that panics at every other event, on the thread that reports the event. The panics must have no
/// effect.
fn sink(_: &Event<'_>) {
    static EVENTS: AtomicUsize = AtomicUsize::new(0);
    if EVENTS.fetch_add(1, Relaxed).is_multiple_of(2) {
        // `resume_unwind` panics without a call of the panic hook, which would print the panic.
        panic::resume_unwind(Box::new("asked to"));
    }
}

/// Makes the modes run one at a time, with an event sink that panics.
fn begin() -> MutexGuard<'static, ()> {
    static SET: Once = Once::new();
    let alone = alone();
    // A process can set its sink only once.
    SET.call_once(|| {
        assert!(
            samara_host_std::set_event_sink(sink),
            "another event sink was set first"
        );
    });
    alone
}

/// Prints `what` at once. This bypasses the harness, which shows only the output of failed tests.
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

/// The totals of the process: the census of all owners, the bytes of pages by the heap's count and by the host's
/// count, the bytes of private heaps, and the number of domains.
type Totals = (Census, usize, usize, usize, usize);

fn totals() -> Totals {
    runtime().reap();
    heap::trim();
    let domains = runtime().domains().count();
    let owners = (1..MAX_OWNERS).filter_map(Owner::from_index);
    let private = owners.map(arena::committed).sum();
    (
        heap::census_all(),
        heap::held_bytes(),
        live_bytes(),
        private,
        domains,
    )
}

/// The number of bytes by which the host's own heap may grow in a run. It has room for the machine's own lists.
const SLACK: usize = 256 << 10;

/// Waits up to a few seconds until `done` returns true, because threads of dead domains may end late. The wait is
/// limited, because shrinking repeats a failure many times.
fn settles(what: &str, mut done: impl FnMut() -> bool) {
    let ended = (0..20_000).any(|_| {
        let ended = done();
        if !ended {
            std::thread::sleep(Duration::from_micros(100));
        }
        ended
    });
    let domains: Vec<_> = runtime().domains().collect();
    assert!(ended, "{what} is not as the model says: {domains:?}");
}

/// Asserts that the totals are again as they were `before`, after everything has ended.
fn returns_to(before: Totals, what: &str) {
    settles(&format!("the totals after {what}"), || totals() == before);
}

/// Takes `steps` on a new machine, and compares everything after each step.
fn run(steps: &[[u8; BYTES]]) {
    let before = totals();
    let mut machine = Machine::new("alone", 4).alone();
    let host = heap::census(Owner::HOST);
    let (all, held) = (heap::census_all(), machine.all());
    let own = Counted::bytes();
    for step in steps {
        let step = Step::decode(*step);
        machine.step(step);
        assert_eq!(
            heap::census(Owner::HOST),
            sum(host, machine.held()),
            "the host's objects after {step:?}"
        );
        // A dead generation may still hold objects, because its threads notice the death late. So the check waits.
        let expected = sum(all, machine.all());
        settles(&format!("the sum over all owners after {step:?}"), || {
            runtime().reap();
            sum(heap::census_all(), held) == expected
        });
        let grown = Counted::bytes().saturating_sub(own);
        assert!(grown < SLACK, "the host's heap has grown by {grown} bytes");
    }
    machine.end();
    returns_to(before, "a run");
}

/// Takes a tenth of all steps, in runs of up to 300 steps. After each step, checks the host's objects and the sum
/// over all owners. If a run fails, prints its shortest failing part.
///
/// Invariant: ORDER-55
#[test]
fn alone_with_all_totals() {
    const LONGEST: usize = 300;
    let _alone = begin();
    let steps = number("SAMARA_MACHINE_STEPS", 1_000_000) / 10;
    say("alone, of at most 300 a run", steps);
    let mut rng = Rng::new(seed());
    let mut taken = 0;
    while taken < steps {
        let length = 1 + rng.below(LONGEST);
        let steps: Vec<_> = (0..length).map(|_| random(&mut rng)).collect();
        taken += length as u64;
        if let Err(payload) = panic::catch_unwind(|| run(&steps)) {
            let _told = Taken(taken, None);
            if makes_small() {
                tell_shortest(&steps);
            }
            panic::resume_unwind(payload);
        }
    }
}

fn random(rng: &mut Rng) -> [u8; BYTES] {
    [(); BYTES].map(|()| rng.below(256) as u8)
}

fn tell_shortest(steps: &[[u8; BYTES]]) {
    let short = shrink(run, steps);
    eprintln!("seed {}; of {} steps these fail:", seed(), steps.len());
    for step in &short {
        eprintln!("    {:?} {step:?}", Step::decode(*step));
    }
    let _ = panic::catch_unwind(|| run(&short));
}

const THREADS: usize = 4;
/// The number of steps that a thread takes before the host's objects are compared and the machines move to new
/// threads.
const ROUND: u64 = 2000;

/// Invariant: ORDER-55
#[test]
fn several_on_several_threads() {
    let _alone = begin();
    let before = totals();
    let host = heap::census(Owner::HOST);
    let steps = number("SAMARA_MACHINE_STEPS", 1_000_000) / 10 * 6;
    let rounds = steps.div_ceil(ROUND * THREADS as u64);
    say("several machines", rounds * ROUND * THREADS as u64);
    let mut machines: Vec<_> = (0..THREADS)
        .map(|at| Machine::new(&format!("several-{at}"), 3))
        .collect();
    for round in 0..rounds {
        println!("round {round} of {rounds}, seed {}", seed());
        // Each round has new threads. So a machine's next thread uses another shard, and frees objects that came from
        // another thread's cache.
        scope(|scope| {
            for (at, machine) in machines.iter_mut().enumerate() {
                let stream = seed() ^ (round << 8 | at as u64) << 16;
                scope.spawn(move || {
                    let mut rng = Rng::new(stream);
                    let mut taken = Taken(round * ROUND, None);
                    for _ in 0..ROUND {
                        let step = Step::decode(random(&mut rng));
                        taken = Taken(taken.0 + 1, Some(step));
                        machine.step(step);
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

/// Invariant: ORDER-55
#[test]
fn several_threads_in_the_same_domains() {
    const STEPS: u64 = 500;
    const RACES: u64 = 20;
    let _alone = begin();
    let before = totals();
    let rounds = number("SAMARA_MACHINE_STEPS", 1_000_000) / 10 * 3 / (STEPS * THREADS as u64);
    say("together", rounds * STEPS * THREADS as u64);
    let together = Together::new("together", 3);
    let mut taken = Taken(0, None);
    for round in 0..rounds {
        println!("round {round} of {rounds}, seed {}", seed());
        taken.0 += STEPS;
        together.round(THREADS as u64, STEPS, seed() ^ round << 8);
        together.race_for_quota(THREADS, round);
        (0..RACES).for_each(|race| together.race_of_deaths(race));
    }
    let restarts = together.end();
    assert!(
        restarts > 10 * rounds,
        "only {restarts} restarts in {rounds} rounds"
    );
    assert_eq!(totals(), before);
}

/// Cuts calls at random instructions. Each cut is slow, because it takes a signal for every instruction of the call
/// before it.
///
/// Invariant: ORDER-55
#[test]
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
fn under_ticks() {
    /// The number of instructions of a call before its cut, at most.
    const LATEST: usize = 6000;
    /// One step in this many is cut.
    const BETWEEN: usize = 3;
    let _alone = begin();
    let steps = number("SAMARA_MACHINE_STEPS", 1_000_000) / 200;
    let mut rng = Rng::new(seed());
    let (mut taken, mut cut) = (Taken(0, None), 0);
    while taken.0 < steps {
        let before = totals();
        let mut machine = Machine::new("ticks", 3).alone();
        for _ in 0..200 {
            let step = Step::decode(random(&mut rng));
            taken = Taken(taken.0 + 1, Some(step));
            if rng.below(BETWEEN) == 0 {
                let at = 1_usize << rng.below(LATEST.ilog2() as usize + 1);
                cut += u64::from(machine.step_cut(step, rng.below(at) as u64));
            } else {
                machine.step(step);
            }
        }
        machine.end();
        returns_to(before, &format!("seed {}, step {}", seed(), taken.0));
    }
    say(&format!("under ticks, {cut} of them deadly"), steps);
    assert!(cut > steps / 500, "only {cut} cuts in {steps} steps");
}

/// Makes long chains of exported objects, in which each object holds the only proxy to the object before it.
///
/// Invariant: ORDER-55
#[test]
fn long_chains_cost_their_maker_and_little_stack() {
    const LINKS: usize = 50_000;
    const STACK: usize = 256 << 10;
    let _alone = begin();
    let before = totals();
    let chains = || {
        let mut machine = Machine::new("long", 2);
        machine.long_chain(0, LINKS, true);
        machine.long_chain(1, LINKS / 10, false);
        machine.end();
    };
    let thread = std::thread::Builder::new().stack_size(STACK);
    let ended = thread.spawn(chains).map(std::thread::JoinHandle::join);
    assert!(
        matches!(ended, Ok(Ok(()))),
        "the thread with a small stack panicked or was not started"
    );
    returns_to(before, "long chains");
}

/// Domains make the host keep as many bytes as possible on their behalf, and must be charged for all of them.
///
/// Invariant: ORDER-55
#[test]
fn domains_pay_for_all_that_the_host_keeps() {
    /// The number of steps with the same domains.
    const LONGEST: u64 = 100;
    /// Bytes that are charged to no domain: lists that all domains share.
    const SLACK: usize = 4096;
    /// Bytes that the test harness allocates while it reports that a test runs for more than a minute. A test that
    /// only sleeps shows 594 bytes.
    const HARNESS: usize = 600;
    let _alone = begin();
    let steps = number("SAMARA_MACHINE_STEPS", 1_000_000) / 200;
    say("paid", steps);
    let mut rng = Rng::new(seed());
    let mut taken = Taken(0, None);
    let hosts = || Counted::bytes() + heap::census(Owner::HOST).bytes;
    while taken.0 < steps {
        let before = totals();
        let mut paid = Paid::new("paid");
        let own = hosts();
        for _ in 0..LONGEST {
            taken.0 += 1;
            paid.step(&mut rng);
            let kept = hosts().saturating_sub(own);
            let pays = paid.paid();
            assert!(
                kept <= pays + SLACK + HARNESS,
                "{kept} bytes are kept, but only {pays} are charged: {paid:?}"
            );
        }
        paid.end();
        returns_to(before, "the bytes that the host keeps");
    }
}
