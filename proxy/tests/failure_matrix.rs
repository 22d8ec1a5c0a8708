//! The hosted part of the failure matrix: the cells that no other file has (docs/failure-matrix.md).
//!
//! In each cell the caller gets the right error; a bystander keeps its state; a restart works; all totals are
//! the same afterwards as before.

use samara_domain_runtime::{DomainSpec, ExitKind, Restart, RpcError};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::Export;
use samara_rref::RRef;
use samara_testkit::hosted::{Totals, alone, await_reclaims, deaths, host, reclaims, wait_until};
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

#[path = "fixtures/failing.rs"]
mod failing;

use failing::{
    BORROW, Cell, DEEP, DISPLAY, DIVISION, EXPLICIT, GATES, HOLD, HOUR, IN_DROP, INDEX, OVERFLOW,
    SHARED_QUOTA, UNWRAP, Victim, spawn, spec,
};

fn panics(name: &str, kind: u8, message: &str) {
    let _alone = alone();
    let cell = Cell::new(spec(name));
    let proxy = cell.victim.proxy().unwrap();
    let lent = RRef::from_slice(&[1]);
    let moved = RRef::new(RRef::new(7));
    assert_eq!(proxy.fail(kind, moved, &lent), Err(RpcError::Crashed));
    assert_eq!(proxy.add(1), Err(RpcError::Dead));
    assert_eq!((lent[0], RRef::owner(&lent).is_host()), (1, true));
    let reason = cell.victim.exit_reason().unwrap();
    assert_eq!(reason.kind, ExitKind::Panic);
    let text = reason.message.as_str();
    assert!(text.contains(message), "{text}");
    assert!(!reason.place.is_empty());
    drop((proxy, lent));
    cell.finish();
}

/// Failure: F-1
#[test]
fn panic_index_out_of_bounds() {
    panics("index", INDEX, "index out of bounds");
}

/// Failure: F-1
#[test]
fn panic_index_out_of_bounds_fifty_frames_deep() {
    panics("deep", DEEP, "index out of bounds");
}

/// Failure: F-1
#[test]
#[cfg(debug_assertions)]
fn panic_overflow() {
    panics("overflow", OVERFLOW, "overflow");
}

/// Failure: F-1
#[test]
fn panic_unwrap() {
    panics("unwrap", UNWRAP, "None");
}

/// Failure: F-1
#[test]
fn panic_explicit() {
    panics("explicit", EXPLICIT, "holding 7");
}

/// Failure: F-1
#[test]
fn panic_division_by_zero() {
    panics("division", DIVISION, "divide by zero");
}

/// Failure: F-1
#[test]
fn panic_borrowed_twice() {
    panics("borrow", BORROW, "borrow");
}

/// Failure: F-2
#[test]
fn panic_in_drop() {
    panics("in-drop", IN_DROP, "a destructor panics");
}

/// Failure: F-6
#[test]
fn panicking_display() {
    panics("display", DISPLAY, "no words");
}

/// Failure: F-11
#[test]
fn shared_quota_infallible() {
    panics("quota-infallible", SHARED_QUOTA, "quota");
}

/// Failure: F-11
#[test]
fn shared_quota_fallible() {
    let _alone = alone();
    let cell = Cell::new(spec("quota-fallible"));
    let proxy = cell.victim.proxy().unwrap();
    // The quota of 64 KiB has room for 64 slots of 1 KiB, of which one is the value that `init` returned. The domain
    // lives on.
    for _ in 0..3 {
        assert_eq!(proxy.hoard(), Ok((63, true)));
    }
    assert!(cell.victim.kill());
    drop(proxy);
    cell.finish();
}

/// Invariant: HEAP-37, HEAP-39
/// Failure: F-11
#[test]
fn shared_quota_at_transfer() {
    let _alone = alone();
    let cell = Cell::new(spec("quota-transfer").shared_objects(8));
    let proxy = cell.victim.proxy().unwrap();
    let lent = RRef::from_slice(&[1]);
    let give = || proxy.fail(HOLD, RRef::new(RRef::new(7)), &lent);
    let taken = (0..100).take_while(|_| give().is_ok()).count();
    assert!(taken < 8 && proxy.is_alive());
    assert_eq!(give(), Err(RpcError::OverQuota));
    assert_eq!(
        proxy.add(1),
        Ok(1),
        "it is alive, and calls that move nothing succeed"
    );
    assert!(cell.victim.kill());
    drop((proxy, lent));
    cell.finish();
}

/// Failure: F-20
#[test]
fn crash_on_a_spawned_thread_that_a_call_joins() {
    let _alone = alone();
    let cell = Cell::new(spec("on-thread"));
    let proxy = cell.victim.proxy().unwrap();
    // The call ends where it waits for the thread, because the thread's panic has ended the domain.
    assert_eq!(proxy.fail_on_a_thread(), Err(RpcError::Crashed));
    let reason = cell.victim.exit_reason().unwrap();
    assert_eq!(reason.message.as_str(), "with 10000");
    drop(proxy);
    assert_eq!(await_reclaims("on-thread", 1).len(), 1);
    cell.finish();
}

/// Failure: F-34
#[test]
fn kill_of_a_domain_called_from_two_threads() {
    let _alone = alone();
    let cell = Cell::new(spec("two-callers"));
    let owned = cell.victim.proxy().unwrap();
    let proxy = &owned;
    std::thread::scope(|scope| {
        let calls = [0, 1].map(|gate| {
            scope.spawn(move || {
                let lent = RRef::from_slice(&[4, gate]);
                proxy.wait(gate, &lent)
            })
        });
        GATES[0].wait();
        GATES[1].wait();
        assert!(cell.victim.kill());
        assert_eq!(proxy.add(1), Err(RpcError::Dead));
        host().reap();
        assert!(reclaims("two-callers").is_empty(), "two calls are inside");
        GATES[0].wait();
        let [first, second] = calls;
        // The victim finishes the first call. The second call still keeps the domain from being reclaimed.
        assert_eq!(first.join().unwrap(), Ok(4));
        host().reap();
        assert!(reclaims("two-callers").is_empty(), "one call is inside");
        GATES[1].wait();
        assert_eq!(second.join().unwrap(), Ok(5));
    });
    assert_eq!(await_reclaims("two-callers", 1).len(), 1);
    assert_eq!(deaths("two-callers").len(), 1);
    drop(owned);
    cell.finish();
}

/// Failure: F-35
#[test]
fn stuck_callee_while_its_caller_is_killed() {
    let _alone = alone();
    let drain = Duration::from_millis(50);
    let cell = Cell::new(spec("stuck-caller").drain_timeout(drain));
    let callee = spawn(DomainSpec::new("stuck-callee"));
    let owned = cell.victim.proxy().unwrap();
    let proxy = &owned;
    let callee_proxy = callee.proxy().unwrap();
    let old = cell.victim.info();
    std::thread::scope(|scope| {
        let call = scope.spawn(move || proxy.call_wait(callee_proxy, 2));
        GATES[2].wait();
        assert!(cell.victim.kill());
        // The callee has a borrow from the dead caller. A client that calls the dead caller's shadow waits for the
        // caller's drain timeout and no longer. It gets a generation in another slot.
        let start = Instant::now();
        assert_eq!(cell.victim.shadow().unwrap().add(3), Ok(3));
        let took = start.elapsed();
        assert!(took >= drain && took < Duration::from_secs(30), "{took:?}");
        assert_ne!(cell.victim.info().id, old.id);
        assert!(reclaims("stuck-caller").is_empty());
        // A stop of the callee is bounded, too.
        let start = Instant::now();
        assert!(callee.stop(drain).is_err());
        assert!(start.elapsed() < Duration::from_secs(30));
        GATES[2].wait();
        // The caller's call ends where its callee returns.
        assert_eq!(call.join().unwrap(), Err(RpcError::Crashed));
    });
    wait_until("both reclaims", || {
        host().reap();
        reclaims("stuck-caller").len() == 1 && reclaims("stuck-callee").len() == 1
    });
    let Cell {
        before,
        bystander,
        known,
        victim,
    } = cell;
    assert_eq!(known.add(2), Ok(42));
    assert!(bystander.kill() && victim.kill());
    drop((known, owned));
    assert_eq!(Totals::now(), before);
}

/// Failure: F-31
#[test]
fn crash_loop_beyond_the_limit() {
    let _alone = alone();
    let before = Totals::now();
    let victim = spawn(DomainSpec::new("beyond").restart(Restart::limited(3, HOUR)));
    let shadow = victim.shadow().unwrap();
    let lent = RRef::from_slice(&[1]);
    let fail = || shadow.fail(EXPLICIT, RRef::new(RRef::new(7)), &lent);
    // A restart follows each of the first three crashes. The restart limit does not allow a fourth.
    for _ in 0..3 {
        assert_eq!(fail(), Err(RpcError::Crashed));
    }
    assert_eq!(fail(), Err(RpcError::RecoveryFailed));
    assert_eq!(shadow.add(1), Err(RpcError::RecoveryFailed));
    assert_eq!((victim.restarts(), deaths("beyond").len()), (3, 4));
    drop((shadow, lent));
    assert_eq!(Totals::now(), before);
}
