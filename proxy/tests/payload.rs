//! The payload of a panic belongs to the domain that panicked, and the payload's destructor may do everything that
//! code of a domain can do. The caller gets its error, even if it has put a `catch` of its own around the call.
//!
//! In optimised code that `catch` is in the same frame as the boundary. Only then could a cut land in the `catch` by
//! mistake.
//!
//! Failure: F-5, F-18
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::contain::Verdict;
use samara_domain_runtime::{Domain, DomainSpec, ExitKind, Mint, Restart, RpcError};
use samara_fault::cpu::{self, Trap};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, interface};
use samara_rref::RRef;
use samara_shared_heap::heap;
use samara_testkit::contained::{Contained, Stepped, arm, contained, stepping};
use samara_testkit::hosted::{Totals, alone, host, wait_until};
use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

/// The single steps that the walk may take.
const STEPS: u64 = if cfg!(debug_assertions) {
    300_000
} else {
    500_000
};

/// The deeds of the payload's destructor. This one does nothing.
const NOTHING: u8 = 0;
const LOOP: u8 = 1;
const CHURN: u8 = 2;
const FAULT: u8 = 3;
const OVERFLOW: u8 = 4;
const PANIC: u8 = 5;
const PANIC_TWICE: u8 = 6;

#[interface]
trait Victim {
    /// Panics while it holds objects, with a payload whose destructor does `deed`.
    fn die(&self, deed: u8) -> Result<u64, RpcError>;
    /// Does the same as `die`. It has one caller only, so that optimised code inlines the call there.
    fn die_guarded(&self, deed: u8) -> Result<u64, RpcError>;
    /// Panics with a harmless payload. The thread is single-stepped from the moment when this frame is unwound.
    fn die_stepped(&self) -> Result<u64, RpcError>;
    /// Calls `die` of `other`. Returns whether `other` crashed.
    fn relay(&self, other: Proxy<dyn Victim>, deed: u8) -> Result<bool, RpcError>;
    fn add(&self, number: u64) -> Result<u64, RpcError>;
}

struct State;

/// The number of payloads whose destructor has at least begun.
static DROPPED: AtomicUsize = AtomicUsize::new(0);

struct Payload(u8, #[expect(dead_code, reason = "private memory")] Box<u64>);

impl Payload {
    fn new(deed: u8) -> Self {
        Self(deed, Box::new(7))
    }
}

struct Bomb;
impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("a second panic");
    }
}

impl Drop for Payload {
    fn drop(&mut self) {
        DROPPED.fetch_add(1, SeqCst);
        match self.0 {
            LOOP => loop {
                std::hint::spin_loop();
            },
            CHURN => loop {
                drop((RRef::new([7_u64; 8]), black_box(vec![0_u8; 64])));
            },
            FAULT => cpu::strike(Trap::WriteWild),
            OVERFLOW => cpu::strike(Trap::StackOverflow),
            PANIC => panic_any(Self::new(PANIC)),
            PANIC_TWICE => {
                let _bomb = Bomb;
                panic!("the payload's panic");
            }
            _ => {}
        }
    }
}

/// Its destructor makes the thread trap after each instruction from there on.
struct Armed;
impl Drop for Armed {
    fn drop(&mut self) {
        arm();
    }
}

impl Victim for State {
    fn die(&self, deed: u8) -> Result<u64, RpcError> {
        let _held = (RRef::new(RRef::new(1_u64)), vec![deed; 5000]);
        panic_any(Payload::new(deed));
    }
    fn die_guarded(&self, deed: u8) -> Result<u64, RpcError> {
        self.die(deed)
    }
    fn die_stepped(&self) -> Result<u64, RpcError> {
        let _armed = Armed;
        panic_any(Payload::new(NOTHING));
    }
    fn relay(&self, other: Proxy<dyn Victim>, deed: u8) -> Result<bool, RpcError> {
        Ok(other.die(deed) == Err(RpcError::Crashed))
    }
    fn add(&self, number: u64) -> Result<u64, RpcError> {
        Ok(number + 1)
    }
}

fn init((): ()) -> Result<State, RpcError> {
    Ok(State)
}

fn spawn(name: &str, budget: Duration) -> Domain<dyn Victim> {
    let limits = Restart::limited(u32::MAX, Duration::from_secs(1));
    let spec = DomainSpec::new(name).restart(limits).budget(budget);
    host().spawn(spec, init, Mint::nothing()).unwrap()
}

/// Makes a call with a `catch` around it, which must catch nothing.
#[inline(never)]
fn guarded(proxy: &Proxy<dyn Victim>, deed: u8) -> Result<u64, RpcError> {
    let call = || proxy.die_guarded(deed);
    catch_unwind(AssertUnwindSafe(call)).expect("the caller's own catch must catch nothing")
}

fn ticking() -> Contained {
    contained(true)
}

/// Runs `test` on a thread of its own: `std` counts a thread's panics, and a panic that was cut is never
/// caught.
fn on_its_own(contain: fn() -> Contained, test: impl FnOnce(&Contained) + Send) {
    let _alone = alone();
    let before = Totals::now();
    std::thread::scope(|scope| {
        let test = scope.spawn(|| test(&contain()));
        if let Err(panic) = test.join() {
            std::panic::resume_unwind(panic);
        }
    });
    wait_until("the reclaims", || {
        host().reap();
        Totals::now() == before
    });
}

fn each_end(deed: u8) {
    on_its_own(ticking, |_| {
        let budget = Duration::from_millis(40);
        let (victim, other) = (spawn("payload", budget), spawn("relay", budget * 50));
        for turn in 0..3 {
            let proxy = victim.proxy().unwrap();
            let dropped = DROPPED.load(SeqCst);
            let error = match turn {
                0 => proxy.die(deed),
                1 => guarded(&proxy, deed),
                _ => {
                    let through = other.proxy().unwrap();
                    let inner = proxy.try_clone().unwrap();
                    assert_eq!(through.relay(inner, deed), Ok(true));
                    Err(RpcError::Crashed)
                }
            };
            assert_eq!(error, Err(RpcError::Crashed), "{deed} {turn}");
            assert!(DROPPED.load(SeqCst) > dropped, "{deed} {turn}");
            assert_eq!(victim.exit_reason().unwrap().kind, ExitKind::Panic);
            assert_eq!(proxy.add(1), Err(RpcError::Dead));
            victim.restart().unwrap();
            assert_eq!(victim.proxy().unwrap().add(1), Ok(2));
        }
        assert_eq!(other.restarts(), 0);
        assert!(victim.kill() && other.kill());
    });
}

#[test]
fn a_harmless_payload_is_just_dropped() {
    each_end(NOTHING);
}

/// Invariant: LIFE-6
#[test]
fn endless_payload_destructor_is_ended_by_its_budget() {
    each_end(LOOP);
    each_end(CHURN);
}

/// Invariant: LIFE-6
#[test]
fn faulting_payload_destructor_is_cut() {
    each_end(FAULT);
    each_end(OVERFLOW);
}

#[test]
fn panicking_payload_destructor_is_the_same_death() {
    each_end(PANIC);
    each_end(PANIC_TWICE);
}

/// Invariant: LIFE-6
#[test]
fn a_kill_ends_the_destructor_of_a_payload() {
    on_its_own(ticking, |_| {
        let victim = spawn("payload killed", Duration::from_secs(3600));
        let proxy = victim.proxy().unwrap();
        let dropped = DROPPED.load(SeqCst);
        let error = std::thread::scope(|scope| {
            scope.spawn(|| {
                wait_until("the destructor", || DROPPED.load(SeqCst) > dropped);
                assert!(victim.kill());
            });
            guarded(&proxy, LOOP)
        });
        assert_eq!(error, Err(RpcError::Crashed));
    });
}

/// Invariant: LIFE-6
#[test]
fn ticks_after_a_panic_are_contained_in_the_callee() {
    // The only ticks are those of the walk. A cut on `std`'s way to the panic hook would leave the hook's lock taken.
    on_its_own(stepping, |contained| {
        // Any time at all uses up this budget.
        let victim = spawn("payload stepped", Duration::from_micros(1));
        let mut by_verdict = [0_u64; 3];
        let census = || {
            host().reap();
            (heap::census_all(), host().domains().count())
        };
        let running = census();
        let mut walk = |at| -> Stepped {
            let proxy = victim.proxy().unwrap();
            let call = || {
                catch_unwind(AssertUnwindSafe(|| proxy.die_stepped()))
                    .expect("the caller's own catch must catch nothing")
            };
            let (result, stepped) = contained.step_armed(at, false, call);
            assert_eq!(result, Err(RpcError::Crashed), "{at} {stepped:?}");
            match stepped.verdict {
                Some(Verdict::Cut) => by_verdict[0] += 1,
                Some(Verdict::Later) => by_verdict[1] += 1,
                _ => by_verdict[2] += 1,
            }
            drop(proxy);
            victim.restart().unwrap();
            assert_eq!(census(), running, "{at} {stepped:?}");
            stepped
        };
        let whole = walk(u64::MAX - 1);
        // The unwinder's own instructions come first, then those of `std`, which still calls functions in the
        // boundary's frame.
        let tail = whole.steps - whole.steps * 3 / 8..whole.steps;
        let stride = (whole.steps * 3 / 8 * whole.steps / STEPS).max(1);
        for at in tail.step_by(stride as usize) {
            walk(at);
        }
        println!("{whole:?}, every {stride}: cut, later, neither {by_verdict:?}");
        assert!(by_verdict[1] > 0 || cfg!(debug_assertions));
        assert!(victim.kill());
    });
}
