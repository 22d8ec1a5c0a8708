//! The failure matrix beyond panics, in a hosted program: traps and ticks are contained by cuts
//! (docs/failure-matrix.md).
//!
//! In each cell the caller gets `Err(Crashed)`; no destructor of a frame that was cut runs; a bystander keeps its
//! state; a restart works; and afterwards all totals are as before.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{Domain, DomainSpec, ExitKind, Mint, RpcError, SpawnError};
use samara_fault::cpu::{self, Trap};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy};
use samara_rref::RRef;
use samara_testkit::contained::contained;
use samara_testkit::hosted::{Totals, alone, deaths, host, wait_until};
use std::hint::black_box;
use std::sync::atomic::Ordering::SeqCst;
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

#[path = "fixtures/trapped.rs"]
mod trapped;

use trapped::{DROPPED, DropCounter, HANGING, State, Victim, cell, number_of, spawn, spec};

/// Invariant: ORDER-10
/// Failure: F-12
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

/// Invariant: ORDER-32
#[test]
fn callers_registers_survive_a_cut_at_any_depth() {
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

/// Failure: F-12
#[test]
fn callees_fault_is_an_error_for_its_living_caller() {
    let _alone = alone();
    let _contained = contained(false);
    let (caller, callee) = (spawn(spec("caller")), spawn(spec("callee")));
    let proxy = caller.proxy().unwrap();
    let number = number_of(Trap::Undefined);
    assert_eq!(proxy.relay(callee.proxy().unwrap(), number), Ok(true));
    assert_eq!(proxy.add(1), Ok(1));
    assert!(callee.exit_reason().is_some() && caller.kill());
}

/// Failure: F-3
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

// These tests run on threads of their own. `std` counts the panics of each thread, and a panic that is cut is never
// caught, so it stays counted.
/// Failure: F-3, F-6
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

/// Failure: F-3
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
        assert!(!samara_unwind::is_unwinding());
    };
    std::thread::spawn(on_its_own).join().unwrap();
}

/// Failure: F-19
#[test]
fn a_fault_in_init_is_a_start_that_failed() {
    fn trapping((): ()) -> Result<State, RpcError> {
        let _counter = DropCounter::new();
        cpu::strike(Trap::Divide);
        Ok(State::default())
    }
    let _alone = alone();
    let _contained = contained(false);
    let before = Totals::now();
    let spawned: Result<Domain<dyn Victim>, _> =
        host().spawn(DomainSpec::new("init"), trapping, Mint::nothing());
    let Err(SpawnError::Init(reason)) = spawned else {
        panic!("{spawned:?}");
    };
    assert_eq!(
        (reason.kind, reason.message.as_str()),
        (ExitKind::Fault, "divide error")
    );
    wait_until("the reclaim", || Totals::now() == before);
}

/// Failure: F-12
#[test]
fn endless_calls_are_ended_by_their_budget() {
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

/// Failure: F-14
#[test]
fn budget_counts_neither_callees_nor_returned_calls() {
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

/// Failure: F-32
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
