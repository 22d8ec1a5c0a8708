//! Deaths that need more than one thread, in a hosted program (docs/failure-matrix.md): on threads that the
//! domain has spawned, with several threads inside, and kills from outside, wherever the victim is. All totals
//! are the same afterwards as before.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::threads::api as own_thread;
use samara_domain_runtime::{Domain, DomainSpec, ExitKind, ExitReason, Mint, Restart, RpcError};
use samara_fault::cpu::{self, Trap};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, interface};
use samara_rref::RRef;
use samara_testkit::contained::contained;
use samara_testkit::hosted::{Totals, alone, host, reclaims, wait_until};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

const HOUR: Duration = Duration::from_secs(3600);

/// The deeds of a thread inside the victim. This one spins without end.
const LOOP: u8 = 0;
/// Allocates and frees without end, so the thread is in trusted code nearly all the time.
const CHURN: u8 = 1;
const PARK: u8 = 2;
/// Calls a callee again and again, so that it is often about to enter.
const ENTER: u8 = 3;
/// Waits in a callee, which returns only after the test has set `MAY_GO_ON`.
const IN_CALLEE: u8 = 4;
const FAULT: u8 = 5;
const OVERFLOW: u8 = 6;
/// Allocates infallibly beyond its quota.
const GREED: u8 = 7;

#[interface]
trait Victim {
    /// Does what `deed` says and does not return.
    fn act(&self, deed: u8, callee: Proxy<dyn Callee>) -> Result<(), RpcError>;
    /// Does what `deed` says on a new thread of the domain, and joins that thread.
    fn act_on_thread(&self, deed: u8, callee: Proxy<dyn Callee>) -> Result<(), RpcError>;
    fn add(&self, number: u64) -> Result<u64, RpcError>;
}

#[interface]
trait Callee {
    /// Returns at once. If `long`, it returns only after the test has set `MAY_GO_ON`.
    fn wait(&self, long: bool) -> Result<u64, RpcError>;
}

struct Idle;
impl Callee for Idle {
    fn wait(&self, long: bool) -> Result<u64, RpcError> {
        if long {
            INSIDE.fetch_add(1, SeqCst);
            while !MAY_GO_ON.load(SeqCst) {
                thread::sleep(Duration::from_millis(1));
            }
        }
        Ok(1)
    }
}

/// The number of threads that have reached their place.
static INSIDE: AtomicUsize = AtomicUsize::new(0);
static MAY_GO_ON: AtomicBool = AtomicBool::new(false);
/// The number of threads of victims that went on after the victim's death.
static AFTER: AtomicUsize = AtomicUsize::new(0);

#[derive(Default)]
struct State(AtomicUsize);

fn act(deed: u8, callee: &Proxy<dyn Callee>) {
    let _held = (RRef::new(RRef::new(1_u64)), vec![deed; 5000]);
    if deed != IN_CALLEE {
        INSIDE.fetch_add(1, SeqCst);
    }
    match deed {
        LOOP => loop {
            std::hint::spin_loop();
        },
        CHURN => loop {
            drop((RRef::new([7_u64; 8]), vec![0_u8; 100]));
        },
        PARK => loop {
            own_thread::park();
        },
        ENTER => while callee.wait(false).is_ok() {},
        IN_CALLEE => {
            let _ = callee.wait(true);
            AFTER.fetch_add(1, SeqCst);
        }
        FAULT => cpu::strike(Trap::WriteWild),
        OVERFLOW => cpu::strike(Trap::StackOverflow),
        _ => {
            let mut all = Vec::new();
            loop {
                all.push(Box::new([deed; 4096]));
            }
        }
    }
}

impl Victim for State {
    fn act(&self, deed: u8, callee: Proxy<dyn Callee>) -> Result<(), RpcError> {
        act(deed, &callee);
        Ok(())
    }
    fn act_on_thread(&self, deed: u8, callee: Proxy<dyn Callee>) -> Result<(), RpcError> {
        let thread = own_thread::spawn(move || act(deed, &callee));
        thread.map_err(|_| RpcError::OutOfMemory)?.join();
        AFTER.fetch_add(1, SeqCst);
        Ok(())
    }
    fn add(&self, number: u64) -> Result<u64, RpcError> {
        Ok((self.0.fetch_add(number as usize, SeqCst) as u64) + number)
    }
}

fn init((): ()) -> Result<State, RpcError> {
    Ok(State::default())
}

fn init_callee((): ()) -> Result<Idle, RpcError> {
    Ok(Idle)
}

/// Has one thread for each deed call the victim. When all of them have reached their place, calls `attack`. Asserts
/// that all calls fail, checks the state after the death, and returns the reason of the death.
fn cell(
    name: &str,
    spec: impl FnOnce(DomainSpec) -> DomainSpec,
    on_threads: bool,
    deeds: &[u8],
    attack: impl FnOnce(&Domain<dyn Victim>, &dyn Fn() -> Proxy<dyn Callee>),
) -> ExitReason {
    for count in [&INSIDE, &AFTER] {
        count.store(0, SeqCst);
    }
    MAY_GO_ON.store(false, SeqCst);
    let before = Totals::now();
    let reason = {
        let callee: Domain<dyn Callee> = host()
            .spawn(DomainSpec::new("callee"), init_callee, Mint::nothing())
            .unwrap();
        let spec = spec(DomainSpec::new(name).restart(Restart::limited(9, HOUR)));
        let victim: Domain<dyn Victim> = {
            // From here on the host enforces budgets and quotas.
            let _contained = contained(true);
            host().spawn(spec, init, Mint::nothing()).unwrap()
        };
        let old = victim.proxy().unwrap();
        let died = reclaims(name).len();
        thread::scope(|scope| {
            let calls: Vec<_> = deeds
                .iter()
                .map(|&deed| {
                    let (proxy, callee) = (victim.proxy().unwrap(), callee.proxy().unwrap());
                    scope.spawn(move || {
                        let _contained = contained(true);
                        if on_threads {
                            proxy.act_on_thread(deed, callee)
                        } else {
                            proxy.act(deed, callee)
                        }
                    })
                })
                .collect();
            wait_until("the arrival of all threads", || {
                INSIDE.load(SeqCst) >= deeds.len()
            });
            attack(&victim, &|| callee.proxy().unwrap());
            wait_until("the death", || {
                host().reap();
                victim.exit_reason().is_some()
            });
            if deeds.contains(&IN_CALLEE) {
                // The victim must not be reclaimed before the callee returns, since the callee may use objects that
                // the victim has lent it.
                host().reap();
                assert_eq!(reclaims(name).len(), died);
                MAY_GO_ON.store(true, SeqCst);
            }
            for (call, deed) in calls.into_iter().zip(deeds) {
                assert_eq!(
                    call.join().unwrap(),
                    Err(RpcError::Crashed),
                    "{name} {deed}"
                );
            }
        });
        assert_eq!(
            AFTER.load(SeqCst),
            0,
            "{name}: a thread went on after the death"
        );
        let reason = victim.exit_reason().unwrap();
        assert_eq!(old.add(1), Err(RpcError::Dead));
        victim.restart().unwrap();
        assert_eq!(victim.proxy().unwrap().add(2), Ok(2));
        assert_eq!(callee.proxy().unwrap().wait(false), Ok(1));
        assert!(callee.exit_reason().is_none());
        assert!(victim.kill() && callee.kill());
        reason
    };
    wait_until("the reclaim", || {
        host().reap();
        Totals::now() == before
    });
    reason
}

fn plain(spec: DomainSpec) -> DomainSpec {
    spec
}

/// Invariant: ORDER-44
/// Failure: F-32
#[test]
fn kill_from_another_thread_ends_the_victim_anywhere() {
    let _alone = alone();
    for deed in [LOOP, CHURN, PARK, ENTER, IN_CALLEE] {
        for on_threads in [false, true] {
            // On a thread that entered the domain by a call, `park` only yields, so it does not wait.
            if deed == PARK && !on_threads {
                continue;
            }
            let name = format!("killed {deed} {on_threads}");
            let reason = cell(&name, plain, on_threads, &[deed], |victim, _| {
                assert!(victim.kill());
            });
            assert_eq!(reason.kind, ExitKind::Killed, "{name}: {reason}");
        }
    }
}

/// Invariant: ORDER-44
/// Failure: F-33
#[test]
fn one_fault_stops_all_threads_that_are_inside() {
    let _alone = alone();
    for on_threads in [false, true] {
        let name = format!("crowd {on_threads}");
        let mut crowd = vec![LOOP, CHURN, ENTER, IN_CALLEE, CHURN, LOOP];
        if on_threads {
            crowd.push(PARK);
        }
        let reason = cell(&name, plain, on_threads, &crowd, |victim, callee| {
            let _contained = contained(false);
            let proxy = victim.proxy().unwrap();
            assert_eq!(proxy.act(FAULT, callee()), Err(RpcError::Crashed));
        });
        assert_eq!(reason.kind, ExitKind::Fault, "{name}: {reason}");
    }
}

/// Failure: F-20
#[test]
fn fault_on_an_own_thread_is_the_domains_death() {
    let _alone = alone();
    for (deed, text) in [(FAULT, "page fault"), (OVERFLOW, "stack overflow")] {
        let name = format!("own thread {text}");
        let reason = cell(&name, plain, true, &[deed], |_, _| ());
        assert_eq!(reason.kind, ExitKind::Fault, "{reason}");
        assert!(reason.message.as_str().starts_with(text), "{reason}");
    }
}

/// Failure: F-13, F-20
#[test]
fn a_budget_ends_a_thread_of_its_own() {
    let _alone = alone();
    // The call that joins the thread is inside for the same time, and its wait counts against the budget, too.
    for deed in [LOOP, CHURN, PARK] {
        let budget = |spec: DomainSpec| spec.budget(Duration::from_millis(40));
        let name = format!("own thread's budget {deed}");
        let reason = cell(&name, budget, true, &[deed], |_, _| ());
        assert_eq!(reason.kind, ExitKind::Overrun, "{reason}");
    }
}

/// Failure: F-13
#[test]
fn endless_wait_in_a_call_is_ended_by_its_budget() {
    let _alone = alone();
    let budget = |spec: DomainSpec| spec.budget(Duration::from_millis(40));
    let reason = cell("call that parks", budget, false, &[PARK], |_, _| ());
    assert_eq!(reason.kind, ExitKind::Overrun, "{reason}");
}

/// While one thread of the domain is in a callee, another thread overruns. The first thread is not cut while it is in
/// the callee. It leaves the domain when the callee returns.
///
/// Failure: F-15
#[test]
fn overrun_spares_a_thread_until_its_callee_returns() {
    let _alone = alone();
    for on_threads in [false, true] {
        let budget = |spec: DomainSpec| {
            // With a plain budget, the call that joins the thread in the callee would overrun as well.
            if on_threads {
                spec.budget_between_yields(Duration::from_millis(40))
            } else {
                spec.budget(Duration::from_millis(40))
            }
        };
        let name = format!("overrun beside a callee {on_threads}");
        let reason = cell(&name, budget, on_threads, &[IN_CALLEE, LOOP], |_, _| ());
        assert_eq!(reason.kind, ExitKind::Overrun, "{reason}");
    }
}

/// Failure: F-8
#[test]
fn infallible_allocation_over_quota_is_cut() {
    let _alone = alone();
    for on_threads in [false, true] {
        let quota = |spec: DomainSpec| spec.heap_quota(1 << 20);
        let name = format!("greedy {on_threads}");
        let reason = cell(&name, quota, on_threads, &[GREED], |_, _| ());
        assert_eq!(reason.kind, ExitKind::Abort, "{reason}");
    }
}
