//! The failure matrix beyond panics, hosted: what strikes is cut (docs/failure-matrix.md).
//!
//! Each cell: the caller gets `Err(Crashed)`; no destructor of what was given up runs; a bystander keeps
//! its state; a restart works; all totals are after as they were before.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{
    Domain, DomainSpec, ExitKind, ExitReason, Mint, Restart, RpcError, SpawnError,
};
use samara_fault::cpu::{self, Trap};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, interface};
use samara_rref::RRef;
use samara_testkit::contained::contained;
use samara_testkit::hosted::{Totals, alone, await_reclaims, deaths, host, wait_until};
use std::hint::black_box;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

const HOUR: Duration = Duration::from_secs(3600);

#[interface]
trait Victim {
    /// Is struck by the trap of this number, with things of every sort in its hands.
    fn trap(
        &self,
        number: usize,
        object: RRef<RRef<u64>>,
        lent: &RRef<[u8]>,
    ) -> Result<u64, RpcError>;
    /// The same deep inside calls that use many registers.
    fn trap_deep(&self, number: usize, depth: u64) -> Result<u64, RpcError>;
    /// Never returns.
    fn hang(&self) -> Result<(), RpcError>;
    /// Allocates and frees, private and shared, without end.
    fn churn(&self) -> Result<(), RpcError>;
    /// Waits for a lock that it holds itself.
    fn deadlock(&self) -> Result<(), RpcError>;
    /// Panics, and again while that unwinds.
    fn panic_twice(&self) -> Result<(), RpcError>;
    /// Panics, and is struck while that unwinds.
    fn panic_then_trap(&self, number: usize) -> Result<(), RpcError>;
    /// Is struck in a destructor.
    fn trap_in_drop(&self, number: usize) -> Result<(), RpcError>;
    /// Calls `trap_deep` of `other`; what that gave.
    fn relay(&self, other: Proxy<dyn Victim>, number: usize) -> Result<bool, RpcError>;
    /// Calls `hang` of `other`, which is ended.
    fn relay_hang(&self, other: Proxy<dyn Victim>) -> Result<bool, RpcError>;
    /// Adds to its state; what it adds up to.
    fn add(&self, number: u64) -> Result<u64, RpcError>;
}

#[derive(Default)]
struct State {
    sum: Mutex<u64>,
    kept: Mutex<Vec<RRef<RRef<u64>>>>,
}

/// How many of the domains' own destructors ran.
static DROPPED: AtomicUsize = AtomicUsize::new(0);
/// Whether somebody is inside `hang`.
static HANGING: AtomicBool = AtomicBool::new(false);

struct Told(#[expect(dead_code, reason = "private memory")] Box<u64>);
impl Told {
    fn new() -> Self {
        Self(Box::new(7))
    }
}
impl Drop for Told {
    fn drop(&mut self) {
        DROPPED.fetch_add(1, SeqCst);
    }
}

struct Trapped(usize);
impl Drop for Trapped {
    fn drop(&mut self) {
        cpu::strike(Trap::ALL[self.0]);
    }
}

struct Bomb;
impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("a second panic");
    }
}

#[inline(never)]
fn descend(depth: u64, trap: Trap) -> u64 {
    let _told = Told::new();
    let words: [u64; 8] = std::array::from_fn(|at| black_box(at as u64 + depth));
    let below = if depth == 0 {
        cpu::strike(trap);
        0
    } else {
        descend(depth - 1, trap)
    };
    words
        .iter()
        .fold(below, |sum, word| sum.wrapping_mul(3) ^ word)
}

impl Victim for State {
    fn trap(
        &self,
        number: usize,
        object: RRef<RRef<u64>>,
        lent: &RRef<[u8]>,
    ) -> Result<u64, RpcError> {
        let _told = Told::new();
        let own = RRef::new(**object);
        self.kept.lock().unwrap().push(object);
        cpu::strike(Trap::ALL[number]);
        Ok(*own + u64::from(lent[0]))
    }
    fn trap_deep(&self, number: usize, depth: u64) -> Result<u64, RpcError> {
        Ok(descend(depth, Trap::ALL[number]))
    }
    fn hang(&self) -> Result<(), RpcError> {
        let _told = Told::new();
        HANGING.store(true, SeqCst);
        loop {
            std::hint::spin_loop();
        }
    }
    fn churn(&self) -> Result<(), RpcError> {
        let mut kept = Vec::new();
        for turn in 0_u64.. {
            let shared = RRef::new([turn; 8]);
            let private = vec![turn; 1 + turn as usize % 100];
            if turn % 3 == 0 && kept.len() < 500 {
                kept.push((shared, private));
            } else if turn % 7 == 0 {
                kept.clear();
            }
        }
        Ok(())
    }
    fn deadlock(&self) -> Result<(), RpcError> {
        self.kept.lock().unwrap().reserve(9);
        spin();
        spin();
        Ok(())
    }
    fn panic_twice(&self) -> Result<(), RpcError> {
        let _told = Told::new();
        let _bomb = Bomb;
        panic!("the first panic");
    }
    fn panic_then_trap(&self, number: usize) -> Result<(), RpcError> {
        self.kept.lock().unwrap().reserve(9);
        let _trapped = Trapped(number);
        panic!("the first panic");
    }
    fn trap_in_drop(&self, number: usize) -> Result<(), RpcError> {
        self.kept.lock().unwrap().reserve(9);
        drop(Trapped(number));
        Ok(())
    }
    fn relay(&self, other: Proxy<dyn Victim>, number: usize) -> Result<bool, RpcError> {
        Ok(other.trap_deep(number, 3) == Err(RpcError::Crashed))
    }
    fn relay_hang(&self, other: Proxy<dyn Victim>) -> Result<bool, RpcError> {
        let told = Told::new();
        let is_err = other.hang().is_err();
        // Some ticks of its own: what the callee took would show.
        let start = Instant::now();
        while start.elapsed() < Duration::from_millis(15) {
            std::hint::spin_loop();
        }
        drop(told);
        Ok(is_err)
    }
    fn add(&self, number: u64) -> Result<u64, RpcError> {
        let mut sum = self.sum.lock().unwrap();
        *sum += number;
        Ok(*sum)
    }
}

/// A lock without a system call: a domain's own. Held for ever once taken.
fn spin() {
    static TAKEN: AtomicBool = AtomicBool::new(false);
    while TAKEN.swap(true, SeqCst) {
        std::hint::spin_loop();
    }
}

fn init((): ()) -> Result<State, RpcError> {
    Ok(State::default())
}

fn number_of(trap: Trap) -> usize {
    Trap::ALL.iter().position(|at| *at == trap).unwrap()
}

fn spec(name: &str) -> DomainSpec {
    DomainSpec::new(name).restart(Restart::limited(1000, HOUR))
}

fn spawn(spec: DomainSpec) -> Domain<dyn Victim> {
    host().spawn(spec, init, Mint::nothing()).unwrap()
}

/// Has `strike` kill `victim` and looks at everything that must be so afterwards.
fn cell(
    name: &'static str,
    spec: DomainSpec,
    strike: impl FnOnce(&Proxy<dyn Victim>) -> RpcError,
) -> ExitReason {
    let before = Totals::now();
    let dropped = DROPPED.load(SeqCst);
    let reason = {
        let bystander = spawn(DomainSpec::new("bystander"));
        let other = bystander.proxy().unwrap();
        assert_eq!(other.add(5), Ok(5));
        let victim = spawn(spec);
        let proxy = victim.proxy().unwrap();
        assert_eq!(proxy.add(1), Ok(1));
        assert_eq!(strike(&proxy), RpcError::Crashed);
        let reason = victim.exit_reason().expect("it died");
        assert_eq!(proxy.add(1), Err(RpcError::Dead));
        let released = await_reclaims(name, 1);
        assert!(
            released.iter().all(|at| at.private_bytes > 0),
            "{released:?}"
        );
        // It starts anew, with nothing of the old.
        victim.restart().unwrap();
        assert_eq!(victim.proxy().unwrap().add(2), Ok(2));
        assert_eq!(other.add(5), Ok(10));
        assert!(victim.kill());
        assert!(bystander.kill());
        reason
    };
    assert_eq!(DROPPED.load(SeqCst), dropped, "a destructor ran in a cut");
    wait_until("the reclaim", || {
        host().reap();
        Totals::now() == before
    });
    reason
}

#[test]
fn every_trap_is_the_domains_death_alone() {
    let _alone = alone();
    let _contained = contained(false);
    for (number, trap) in Trap::ALL.into_iter().enumerate() {
        let name: &'static str = format!("trap {number}").leak();
        let reason = cell(name, spec(name), |victim| {
            let lent = RRef::from_slice(&[1, 2, 3]);
            let object = RRef::new(RRef::new(9));
            victim.trap(number, object, &lent).unwrap_err()
        });
        assert_eq!(reason.kind, ExitKind::Fault, "{trap:?}: {reason}");
        assert!(reason.calls().count() > 2, "{reason:?}");
        let text = match trap {
            Trap::Divide => "divide error",
            Trap::Undefined => "invalid instruction",
            Trap::StackOverflow => "stack overflow at",
            Trap::NonCanonical | Trap::Privileged => "protection fault",
            Trap::ReadNull => "page fault at 0x0",
            _ => "page fault at",
        };
        assert!(
            reason.message.as_str().starts_with(text),
            "{trap:?}: {reason}"
        );
        assert!(!std::thread::panicking());
    }
}

#[test]
fn registers_and_locals_of_the_caller_survive_at_any_depth() {
    let _alone = alone();
    let _contained = contained(false);
    let victim = spawn(spec("deep"));
    for depth in [0, 1, 8, 32, 300] {
        let words: [u64; 24] = std::array::from_fn(|at| black_box(at as u64));
        let floats: [f64; 24] = std::array::from_fn(|at| black_box(at as f64));
        let proxy = victim.proxy().unwrap();
        let result = proxy.trap_deep(number_of(Trap::ReadNull), depth);
        assert_eq!(result, Err(RpcError::Crashed));
        for at in 0..24 {
            assert_eq!((words[at], floats[at]), (at as u64, at as f64));
        }
        victim.restart().unwrap();
    }
    assert!(victim.kill());
}

#[test]
fn a_fault_in_a_callee_is_an_error_for_its_caller_who_lives_on() {
    let _alone = alone();
    let _contained = contained(false);
    let (caller, callee) = (spawn(spec("caller")), spawn(spec("callee")));
    let proxy = caller.proxy().unwrap();
    let number = number_of(Trap::Undefined);
    assert_eq!(proxy.relay(callee.proxy().unwrap(), number), Ok(true));
    assert_eq!(proxy.add(1), Ok(1));
    assert!(callee.exit_reason().is_some() && caller.kill());
}

#[test]
fn a_fault_in_a_destructor_is_cut() {
    let _alone = alone();
    let _contained = contained(false);
    let name = "trap in drop";
    let number = number_of(Trap::ReadWild);
    let reason = cell(name, spec(name), |victim| {
        victim.trap_in_drop(number).unwrap_err()
    });
    assert_eq!(reason.kind, ExitKind::Fault);
}

// On threads of their own: `std` counts a thread's panics, and a cut one is never caught.
#[test]
fn a_second_panic_while_the_first_unwinds_is_cut() {
    let _alone = alone();
    let on_its_own = || {
        let _contained = contained(false);
        for turn in 0..5 {
            let name: &'static str = format!("two panics {turn}").leak();
            let reason = cell(name, spec(name), |victim| victim.panic_twice().unwrap_err());
            assert_eq!(
                (reason.kind, reason.message.as_str()),
                (ExitKind::Panic, "the first panic")
            );
        }
    };
    std::thread::spawn(on_its_own).join().unwrap();
}

#[test]
fn a_fault_while_a_panic_unwinds_is_cut() {
    let _alone = alone();
    let on_its_own = || {
        let _contained = contained(false);
        let name = "panic then trap";
        let number = number_of(Trap::WriteWild);
        let reason = cell(name, spec(name), |victim| {
            victim.panic_then_trap(number).unwrap_err()
        });
        assert_eq!(reason.message.as_str(), "the first panic");
        assert!(!samara_unwind_is_unwinding());
    };
    std::thread::spawn(on_its_own).join().unwrap();
}

fn samara_unwind_is_unwinding() -> bool {
    samara_unwind::is_unwinding()
}

#[test]
fn a_fault_in_init_is_a_start_that_failed() {
    fn struck((): ()) -> Result<State, RpcError> {
        let _told = Told::new();
        cpu::strike(Trap::Divide);
        Ok(State::default())
    }
    let _alone = alone();
    let _contained = contained(false);
    let before = Totals::now();
    let spawned: Result<Domain<dyn Victim>, _> =
        host().spawn(DomainSpec::new("init"), struck, Mint::nothing());
    let Err(SpawnError::Init(reason)) = spawned else {
        panic!("{spawned:?}");
    };
    assert_eq!(
        (reason.kind, reason.message.as_str()),
        (ExitKind::Fault, "divide error")
    );
    wait_until("the reclaim", || Totals::now() == before);
}

#[test]
fn what_never_ends_is_ended_by_its_budget() {
    let _alone = alone();
    let _contained = contained(true);
    type Call = fn(&Proxy<dyn Victim>) -> RpcError;
    let calls: [(&str, Call); 3] = [
        ("hang", |victim| victim.hang().unwrap_err()),
        ("churn", |victim| victim.churn().unwrap_err()),
        ("deadlock", |victim| victim.deadlock().unwrap_err()),
    ];
    for (name, call) in calls {
        let budget = Duration::from_millis(40);
        let start = Instant::now();
        let reason = cell(name, spec(name).budget(budget), call);
        assert_eq!(reason.kind, ExitKind::Overrun, "{name}: {reason}");
        let took = start.elapsed();
        assert!(
            took >= budget && took < Duration::from_secs(20),
            "{name}: {took:?}"
        );
    }
}

#[test]
fn a_budget_counts_neither_its_callees_nor_calls_that_return() {
    let _alone = alone();
    let _contained = contained(true);
    let budget = Duration::from_millis(60);
    let caller = spawn(spec("frugal").budget(budget));
    let callee = spawn(spec("wasteful").budget(budget * 5));
    let (proxy, other) = (caller.proxy().unwrap(), callee.proxy().unwrap());
    assert_eq!(proxy.relay_hang(other), Ok(true));
    let start = Instant::now();
    while start.elapsed() < budget * 3 {
        assert!(proxy.add(1).is_ok());
    }
    assert_eq!(deaths("wasteful").len(), 1);
    assert!(caller.kill());
}

#[test]
fn a_kill_ends_a_thread_that_runs_inside() {
    let _alone = alone();
    let before = Totals::now();
    let dropped = DROPPED.load(SeqCst);
    {
        let victim = spawn(spec("killed"));
        let proxy = victim.proxy().unwrap();
        HANGING.store(false, SeqCst);
        let inside = std::thread::spawn(move || {
            let _contained = contained(true);
            proxy.hang()
        });
        wait_until("the call", || HANGING.load(SeqCst));
        assert!(victim.kill());
        assert_eq!(inside.join().unwrap(), Err(RpcError::Crashed));
        assert_eq!(victim.exit_reason().unwrap().kind, ExitKind::Killed);
    }
    assert_eq!(DROPPED.load(SeqCst), dropped, "a destructor ran in a cut");
    wait_until("the reclaim", || Totals::now() == before);
}
