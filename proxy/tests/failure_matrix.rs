//! The hosted part of the failure matrix, the cells that no other file has (docs/failure-matrix.md).
//!
//! Each cell: the caller gets the right error; a bystander keeps its state; a restart works; all
//! totals are after as they were before.

use samara_domain_runtime::threads::api as own_thread;
use samara_domain_runtime::{Domain, DomainSpec, ExitKind, Mint, Restart, RpcError};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, interface};
use samara_rref::RRef;
use samara_testkit::hosted::{
    Gate, Totals, alone, await_reclaims, deaths, host, reclaims, wait_until,
};
use std::fmt;
use std::sync::Mutex;
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

const HOUR: Duration = Duration::from_secs(3600);

/// How a victim fails.
const INDEX: u8 = 0;
const OVERFLOW: u8 = 1;
const UNWRAP: u8 = 2;
const EXPLICIT: u8 = 3;
const DIVISION: u8 = 4;
const IN_DROP: u8 = 5;
const SHARED_QUOTA: u8 = 6;
const BORROW: u8 = 7;
const DEEP: u8 = 8;
const DISPLAY: u8 = 9;
/// Does not fail, and keeps what it got.
const HOLD: u8 = 10;

#[interface]
trait Victim {
    /// Fails in the way of `kind`, with things of every sort in its hands.
    fn fail(&self, kind: u8, object: RRef<RRef<u64>>, lent: &RRef<[u8]>) -> Result<u64, RpcError>;
    /// Fails on a thread of its own and waits there for its end.
    fn fail_on_a_thread(&self) -> Result<(), RpcError>;
    /// Allocates shared objects up to its quota; how many it got, and whether it got one after.
    fn hoard(&self) -> Result<(usize, bool), RpcError>;
    /// Waits twice at the gate with a borrow in its hands.
    fn wait(&self, gate: u8, lent: &RRef<[u8]>) -> Result<usize, RpcError>;
    /// Calls `wait` of `callee` with an object of its own.
    fn call_wait(&self, callee: Proxy<dyn Victim>, gate: u8) -> Result<usize, RpcError>;
    /// Adds to its state; what it adds up to.
    fn add(&self, number: u64) -> Result<u64, RpcError>;
}

#[derive(Default)]
struct State {
    sum: Mutex<u64>,
    kept: Mutex<Vec<RRef<RRef<u64>>>>,
}

/// Two for every test that needs one: each thread inside meets the test.
static GATES: [Gate; 4] = [const { Gate::new(2) }; 4];

struct Bomb;
impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("a destructor panics");
    }
}

/// Writes some, then panics with the formatting machinery around it.
struct Broken;
impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("half a mess")?;
        panic!("no words");
    }
}

fn recurse(depth: u32, numbers: &[u32]) -> u32 {
    let private = Vec::from([depth; 4]);
    match depth.checked_sub(1) {
        Some(less) => recurse(less, numbers) + private[0],
        None => numbers[numbers.len()],
    }
}

impl Victim for State {
    fn fail(&self, kind: u8, object: RRef<RRef<u64>>, lent: &RRef<[u8]>) -> Result<u64, RpcError> {
        if kind == HOLD {
            self.kept.lock().unwrap().push(object);
            return Ok(0);
        }
        let _held = (RRef::new(RRef::new(1_u64)), vec![0_u8; 10_000]);
        self.kept.lock().unwrap().push(RRef::new(RRef::new(2)));
        let zero = **object - 7;
        match kind {
            INDEX => Ok(lent[lent.len() + zero as usize].into()),
            OVERFLOW => Ok((lent[0] + u8::MAX).into()),
            UNWRAP => Ok(lent.get(1 << 20).copied().unwrap().into()),
            EXPLICIT => panic!("holding {}", **object),
            DIVISION => Ok(1 / zero),
            IN_DROP => {
                drop(Bomb);
                Ok(0)
            }
            SHARED_QUOTA => loop {
                self.kept.lock().unwrap().push(RRef::new(RRef::new(3)));
            },
            BORROW => {
                let cell = std::cell::RefCell::new(zero);
                let _first = cell.borrow_mut();
                Ok(*cell.borrow())
            }
            DEEP => Ok(recurse(50, &[]).into()),
            // Formatted by the domain itself, for a log: an ordinary panic of its own.
            DISPLAY => Ok(format!("{Broken}").len() as u64),
            _ => Ok(zero),
        }
    }
    fn fail_on_a_thread(&self) -> Result<(), RpcError> {
        let held = (RRef::new(RRef::new(1_u64)), vec![0_u8; 10_000]);
        let body = move || panic!("with {}", held.1.len());
        own_thread::spawn(body).unwrap().join();
        Ok(())
    }
    fn hoard(&self) -> Result<(usize, bool), RpcError> {
        let mut objects = Vec::new();
        while let Ok(object) = RRef::<[u8]>::new_zeroed_slice(1000) {
            objects.push(object);
        }
        let count = objects.len();
        objects.pop();
        Ok((count, RRef::<[u8]>::new_zeroed_slice(1000).is_ok()))
    }
    fn wait(&self, gate: u8, lent: &RRef<[u8]>) -> Result<usize, RpcError> {
        GATES[usize::from(gate)].wait();
        GATES[usize::from(gate)].wait();
        Ok(lent.iter().map(|byte| usize::from(*byte)).sum())
    }
    fn call_wait(&self, callee: Proxy<dyn Victim>, gate: u8) -> Result<usize, RpcError> {
        let lent = RRef::from_slice(&[1, 2, 3]);
        callee.wait(gate, &lent)
    }
    fn add(&self, number: u64) -> Result<u64, RpcError> {
        let mut sum = self.sum.lock().unwrap();
        *sum += number;
        Ok(*sum)
    }
}

fn spawn(spec: DomainSpec) -> Domain<dyn Victim> {
    let init = |()| Ok::<_, RpcError>(State::default());
    host().spawn(spec, init, Mint::nothing()).unwrap()
}

fn spec(name: &str) -> DomainSpec {
    DomainSpec::new(name)
        .restart(Restart::limited(50, HOUR))
        .shared_quota(64 << 10)
}

/// What every cell shares: a victim, somebody who has nothing to do with it, totals before.
struct Cell {
    before: Totals,
    bystander: Domain<dyn Victim>,
    known: Proxy<dyn Victim>,
    victim: Domain<dyn Victim>,
}

impl Cell {
    fn new(spec: DomainSpec) -> Self {
        let before = Totals::now();
        let bystander = spawn(DomainSpec::new("bystander"));
        let known = bystander.proxy().unwrap();
        assert_eq!(known.add(40), Ok(40));
        Self {
            before,
            known,
            bystander,
            victim: spawn(spec),
        }
    }

    /// The victim is dead by now. The rest of what a cell demands.
    fn finish(self) {
        let Self {
            before,
            bystander,
            known,
            victim,
        } = self;
        assert_eq!(known.add(2), Ok(42), "others keep their state");
        assert_eq!(victim.shadow().unwrap().add(5), Ok(5), "a restart works");
        assert_eq!(victim.restarts(), 1);
        assert!(bystander.kill() && victim.kill());
        drop(known);
        assert_eq!(Totals::now(), before, "nothing leaks");
    }
}

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
    let told = reason.message.as_str();
    assert!(told.contains(message), "{told}");
    assert!(!reason.place.is_empty());
    drop((proxy, lent));
    cell.finish();
}

#[test]
fn panic_index_out_of_bounds() {
    panics("index", INDEX, "index out of bounds");
}

#[test]
fn panic_index_out_of_bounds_fifty_frames_deep() {
    panics("deep", DEEP, "index out of bounds");
}

#[test]
#[cfg(debug_assertions)]
fn panic_overflow() {
    panics("overflow", OVERFLOW, "overflow");
}

#[test]
fn panic_unwrap() {
    panics("unwrap", UNWRAP, "None");
}

#[test]
fn panic_explicit() {
    panics("explicit", EXPLICIT, "holding 7");
}

#[test]
fn panic_division_by_zero() {
    panics("division", DIVISION, "divide by zero");
}

#[test]
fn panic_borrowed_twice() {
    panics("borrow", BORROW, "borrow");
}

#[test]
fn panic_in_drop() {
    panics("in-drop", IN_DROP, "a destructor panics");
}

#[test]
fn panicking_display() {
    panics("display", DISPLAY, "no words");
}

#[test]
fn shared_quota_infallible() {
    panics("quota-infallible", SHARED_QUOTA, "quota");
}

#[test]
fn shared_quota_fallible() {
    let _alone = alone();
    let cell = Cell::new(spec("quota-fallible"));
    let proxy = cell.victim.proxy().unwrap();
    // 64 KiB in slots of 1 KiB, less what `init` returned. The domain lives on.
    for _ in 0..3 {
        assert_eq!(proxy.hoard(), Ok((63, true)));
    }
    assert!(cell.victim.kill());
    drop(proxy);
    cell.finish();
}

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
        "it lives, and what moves nothing goes on"
    );
    assert!(cell.victim.kill());
    drop((proxy, lent));
    cell.finish();
}

#[test]
fn crash_on_a_spawned_thread_while_a_call_waits_for_it() {
    let _alone = alone();
    let cell = Cell::new(spec("on-thread"));
    let proxy = cell.victim.proxy().unwrap();
    // The call is cut where it waits: the domain died under it.
    assert_eq!(proxy.fail_on_a_thread(), Err(RpcError::Crashed));
    let reason = cell.victim.exit_reason().unwrap();
    assert_eq!(reason.message.as_str(), "with 10000");
    drop(proxy);
    assert_eq!(await_reclaims("on-thread", 1).len(), 1);
    cell.finish();
}

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
        // What it had begun it finishes; the other one still holds the domain.
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

#[test]
fn callee_that_does_not_return_while_its_caller_is_killed() {
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
        // The callee has a borrow of the dead caller's. Whoever wants the caller back waits for its
        // drain timeout, no longer, and gets one in another slot.
        let start = Instant::now();
        assert_eq!(cell.victim.shadow().unwrap().add(3), Ok(3));
        let took = start.elapsed();
        assert!(took >= drain && took < Duration::from_secs(30), "{took:?}");
        assert_ne!(cell.victim.info().id, old.id);
        assert!(reclaims("stuck-caller").is_empty());
        // A stop of the callee is bounded too.
        let start = Instant::now();
        assert!(callee.stop(drain).is_err());
        assert!(start.elapsed() < Duration::from_secs(30));
        GATES[2].wait();
        // The caller is cut where its callee returns.
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

#[test]
fn crash_loop_beyond_the_limit() {
    let _alone = alone();
    let before = Totals::now();
    let victim = spawn(DomainSpec::new("beyond").restart(Restart::limited(3, HOUR)));
    let shadow = victim.shadow().unwrap();
    let lent = RRef::from_slice(&[1]);
    let fail = || shadow.fail(EXPLICIT, RRef::new(RRef::new(7)), &lent);
    // Each crash is followed by a restart, but for the one that the budget does not allow.
    for _ in 0..3 {
        assert_eq!(fail(), Err(RpcError::Crashed));
    }
    assert_eq!(fail(), Err(RpcError::RecoveryFailed));
    assert_eq!(shadow.add(1), Err(RpcError::RecoveryFailed));
    assert_eq!((victim.restarts(), deaths("beyond").len()), (3, 4));
    drop((shadow, lent));
    assert_eq!(Totals::now(), before);
}
