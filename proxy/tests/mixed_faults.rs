//! Many lives and many deaths: mixed faults from one seed, without a leak and without a panic of the host.
//!
//! `SAMARA_MIXED_FAULTS=100000 cargo test --release -p samara-proxy --test mixed_faults` is the full run.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{Domain, DomainSpec, ExitKind, Mint, Restart, RpcError};
use samara_fault::PanicsOnDrop;
use samara_fault::cpu::{self, Trap};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, interface};
use samara_rref::RRef;
use samara_testkit::contained::{contained, cuts};
use samara_testkit::hosted::{Rng, Totals, alone, host, wait_until};
use std::hint::black_box;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

const SEED: u64 = 0x5a3a_7a00;

/// The ways in which a life ends.
const DEATHS: [&str; 7] = [
    "panic",
    "fault",
    "hang",
    "overflow",
    "deep",
    "double panic",
    "kill",
];

#[interface]
trait Victim {
    /// Dies in the way with the number `how`, while it holds objects of several kinds; `detail` picks the
    /// variant.
    fn die(
        &self,
        how: usize,
        detail: usize,
        object: RRef<RRef<u64>>,
        lent: &RRef<[u8]>,
    ) -> Result<u64, RpcError>;
    fn add(&self, number: u64) -> Result<u64, RpcError>;
}

#[derive(Default)]
struct State(Mutex<(u64, Vec<RRef<RRef<u64>>>)>);

/// The number of lives that wait for a kill from outside.
static READY: AtomicUsize = AtomicUsize::new(0);
/// The death that is about to happen, for a report.
static LAST: Mutex<String> = Mutex::new(String::new());
static CALLS: AtomicU64 = AtomicU64::new(0);

#[inline(never)]
fn deeper(depth: u64) -> u64 {
    let held = (vec![depth; 40], RRef::new([depth; 8]));
    if black_box(depth) == u64::MAX {
        return 0;
    }
    deeper(depth + 1) + held.0[0] + held.1[0]
}

#[inline(never)]
fn at_depth(depth: usize, then: &dyn Fn() -> u64) -> u64 {
    let held = black_box(Box::new(depth));
    let result = if depth == 0 {
        then()
    } else {
        at_depth(depth - 1, then)
    };
    result + *held as u64
}

impl Victim for State {
    fn die(
        &self,
        how: usize,
        detail: usize,
        object: RRef<RRef<u64>>,
        lent: &RRef<[u8]>,
    ) -> Result<u64, RpcError> {
        let _own = (RRef::new(**object), vec![lent[0]; 300]);
        self.0.lock().unwrap().1.push(object);
        let then = || match DEATHS[how] {
            "panic" => panic!("of {detail}"),
            "double panic" => {
                let _second = PanicsOnDrop;
                panic!("the first of {detail}");
            }
            "fault" => {
                let traps = Trap::ALL.map(|trap| match trap {
                    Trap::StackOverflow => Trap::Divide,
                    other => other,
                });
                cpu::strike(traps[detail % traps.len()]);
                0
            }
            "overflow" => {
                cpu::strike(Trap::StackOverflow);
                0
            }
            "deep" => deeper(detail as u64),
            "hang" if detail.is_multiple_of(2) => loop {
                drop((RRef::new([7_u64; 8]), black_box(vec![0_u8; 64])));
            },
            "hang" => loop {
                std::hint::spin_loop();
            },
            _ => {
                READY.fetch_add(1, SeqCst);
                loop {
                    drop((RRef::new([7_u64; 8]), black_box(vec![0_u8; 64])));
                }
            }
        };
        Ok(at_depth(detail % 17, &then))
    }
    fn add(&self, number: u64) -> Result<u64, RpcError> {
        let mut state = self.0.lock().unwrap();
        state.0 += number;
        Ok(state.0)
    }
}

fn init((): ()) -> Result<State, RpcError> {
    Ok(State::default())
}

/// Makes one generation of `victim` die, checks its death and restarts it. Returns how it ended.
fn one(rng: &mut Rng, victim: &Domain<dyn Victim>, other: &Proxy<dyn Victim>) -> usize {
    // Most deaths are quick ones.
    let how = match rng.below(100) {
        at @ 0..96 => [0, 1, 3, 4, 5][at % 5],
        96 => 2,
        _ => 6,
    };
    let detail = rng.below(1 << 16);
    let proxy = victim.proxy().unwrap();
    assert_eq!(proxy.add(1), Ok(1));
    let lent = RRef::from_slice(&[1, 2, 3]);
    let object = RRef::new(RRef::new(9));
    let killed = AtomicBool::new(false);
    let ready = READY.load(SeqCst);
    let context = format!("{} {detail}", DEATHS[how]);
    LAST.lock().unwrap().clone_from(&context);
    let error = thread::scope(|scope| {
        if DEATHS[how] == "kill" {
            scope.spawn(|| {
                wait_until("the call", || READY.load(SeqCst) > ready);
                // If this thread runs too late, the victim's budget has already ended it.
                killed.store(victim.kill(), SeqCst);
            });
        }
        proxy.die(how, detail, object, &lent)
    });
    assert_eq!(error, Err(RpcError::Crashed), "{context}");
    let reason = victim.exit_reason().unwrap();
    let kind = match DEATHS[how] {
        "panic" | "double panic" => ExitKind::Panic,
        "hang" => ExitKind::Overrun,
        "kill" if killed.load(SeqCst) => ExitKind::Killed,
        "kill" => ExitKind::Overrun,
        _ => ExitKind::Fault,
    };
    assert_eq!(reason.kind, kind, "{context}: {reason}");
    let calls = CALLS.fetch_add(1, SeqCst) + 1;
    assert_eq!(other.add(1), Ok(calls), "{context}");
    victim.restart().unwrap();
    how
}

/// Invariant: ORDER-44
/// Failure: F-40
#[test]
fn mixed_faults_leave_nothing() {
    let _alone = alone();
    let wanted = std::env::var("SAMARA_MIXED_FAULTS").ok();
    let wanted: usize = wanted.map_or(400, |count| count.parse().unwrap());
    let before = Totals::now();
    let mut by_kind = [0; DEATHS.len()];
    {
        let spawn = |spec| -> Domain<dyn Victim> {
            // From here on the host enforces budgets.
            let _contained = contained(true);
            host().spawn(spec, init, Mint::nothing()).unwrap()
        };
        let bystander = spawn(DomainSpec::new("bystander"));
        let limits = Restart::limited(u32::MAX, Duration::from_secs(3600));
        let mixed = DomainSpec::new("mixed").restart(limits);
        let victim = spawn(mixed.budget(Duration::from_millis(100)));
        let other = bystander.proxy().unwrap();
        let mut rng = Rng::new(SEED);
        let mut done = 0;
        while done < wanted {
            thread::scope(|scope| {
                let lives = || {
                    let _contained = contained(true);
                    while done < wanted {
                        done += 1;
                        let how = one(&mut rng, &victim, &other);
                        by_kind[how] += 1;
                        if thread::panicking() {
                            return;
                        }
                    }
                };
                let lives = thread::Builder::new()
                    .stack_size(384 << 10)
                    .spawn_scoped(scope, lives);
                // A panic of the host fails the test, whatever `std` has counted before.
                if let Err(payload) = lives.unwrap().join() {
                    let text = payload.downcast_ref::<String>().map(String::as_str);
                    let text = text.or(payload.downcast_ref::<&str>().copied());
                    panic!("death {:?}: {text:?}", LAST.lock().unwrap());
                }
            });
        }
        assert_eq!(bystander.restarts(), 0);
        assert!(victim.kill() && bystander.kill());
    }
    wait_until("the reclaim", || {
        host().reap();
        Totals::now() == before
    });
    let named: Vec<_> = DEATHS.iter().zip(by_kind).collect();
    println!("{wanted} deaths, {named:?}, {:?}", cuts());
    assert_eq!(by_kind.iter().sum::<usize>(), wanted);
}
