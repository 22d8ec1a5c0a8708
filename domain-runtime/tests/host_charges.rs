//! A limit of a spec that the host cannot enforce is refused at the spawn. The set of limits that the host enforces
//! belongs to the process, and it only grows. So one function enlarges this set step by step and checks the refusals
//! at each step. All tests call this function first, and then use contained threads.

use samara_domain_runtime::{
    Domain, DomainSpec, ExitKind, Mint, Restart, SpawnError, Strategy, Supervisor, UnenforcedLimit,
};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, RpcError, interface};
use samara_testkit::contained::contained;
use samara_testkit::hosted::{alone, deaths, host, wait_until};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

const QUOTA: usize = 1 << 20;

#[interface]
trait HostResource {
    /// Allocates beyond the quota, infallibly.
    fn exceed(&self) -> Result<u64, RpcError>;
}

struct State;

fn init((): ()) -> Result<State, RpcError> {
    Ok(State)
}

/// Whether `init` allocates beyond its quota.
static GREEDY: AtomicBool = AtomicBool::new(false);

fn init_greedy((): ()) -> Result<State, RpcError> {
    if GREEDY.load(SeqCst) {
        exceed();
    }
    Ok(State)
}

fn exceed() -> u64 {
    let bytes = vec![7_u8; 2 * QUOTA];
    u64::from(std::hint::black_box(&bytes)[QUOTA])
}

impl HostResource for State {
    fn exceed(&self) -> Result<u64, RpcError> {
        Ok(exceed())
    }
}

fn spawn(spec: DomainSpec) -> Result<Domain<dyn HostResource>, SpawnError> {
    host().spawn(spec, init, Mint::nothing())
}

fn spec() -> DomainSpec {
    DomainSpec::new("kept")
}

fn refusal(spec: DomainSpec) -> Option<UnenforcedLimit> {
    let slots = host().domains().count();
    let outcomes = [
        spawn(spec).map(|domain| assert!(domain.kill())),
        host()
            .spawn_once::<dyn HostResource, _, _, _>(&spec, init, ())
            .map(|instance| assert!(host().end(instance, "over"))),
    ];
    host().reap();
    assert_eq!(
        host().domains().count(),
        slots,
        "a refused spawn must leave no slot taken"
    );
    let [service, once] = outcomes.map(|outcome| match outcome {
        Ok(()) => None,
        Err(SpawnError::UnenforcedLimit(limit)) => Some(limit),
        Err(other) => panic!("{other}"),
    });
    assert_eq!(service, once);
    service
}

/// Every test here begins with this function. At its beginning the host enforces no limits, and at its end all of
/// them.
fn all_enforced() {
    static DONE: AtomicBool = AtomicBool::new(false);
    if DONE.swap(true, SeqCst) {
        return;
    }
    let quota = spec().heap_quota(QUOTA);
    let brief = spec().budget(Duration::from_secs(1));
    let renewed = spec().budget_between_yields(Duration::from_secs(1));
    let long = spec().budget(Duration::from_secs(72 * 60));
    let deep = spec().stack(64 << 10);
    assert_eq!(refusal(spec()), None);
    assert_eq!(refusal(spec().shared_quota(QUOTA).threads(1)), None);
    assert_eq!(refusal(quota), Some(UnenforcedLimit::HeapQuota));
    assert_eq!(refusal(brief), Some(UnenforcedLimit::Budget));
    assert_eq!(refusal(renewed), Some(UnenforcedLimit::Budget));
    assert_eq!(refusal(deep), Some(UnenforcedLimit::Stack));
    let without_ticks = contained(false);
    assert_eq!(refusal(quota), None);
    assert_eq!(refusal(deep), None);
    assert_eq!(refusal(brief), Some(UnenforcedLimit::Budget), "no tick");
    drop(without_ticks);
    let _with_ticks = contained(true);
    assert_eq!(refusal(brief), None);
    assert_eq!(refusal(renewed), None);
    assert_eq!(refusal(long), Some(UnenforcedLimit::LongBudget));
}

/// Invariant: HEAP-6
/// Failure: F-10
#[test]
fn a_spec_that_the_host_cannot_keep_is_refused() {
    let _alone = alone();
    all_enforced();
    for limit in [
        UnenforcedLimit::HeapQuota,
        UnenforcedLimit::NoPrivateHeap,
        UnenforcedLimit::Budget,
        UnenforcedLimit::LongBudget,
        UnenforcedLimit::Stack,
    ] {
        let message = SpawnError::UnenforcedLimit(limit).to_string();
        assert!(message.contains("cannot enforce") && message.contains("DomainSpec::"));
    }
}

/// In a hosted program `std` aborts when an infallible allocation fails, and a cut contains the signal.
///
/// Invariant: HEAP-6
#[test]
fn infallible_allocation_over_quota_ends_one_domain() {
    let _alone = alone();
    all_enforced();
    let _contained = contained(false);
    let domain = spawn(spec().heap_quota(QUOTA)).unwrap();
    assert_eq!(domain.proxy().unwrap().exceed(), Err(RpcError::Crashed));
    assert_eq!(domain.exit_reason().unwrap().kind, ExitKind::Abort);
}

/// The background thread has not called `contained` itself.
///
/// Invariant: HEAP-6
/// Failure: F-8
#[test]
fn a_restart_in_the_background_over_quota_fails_alone() {
    let _alone = alone();
    all_enforced();
    let policy = Restart::limited(2, Duration::from_secs(60));
    let spec = DomainSpec::new("greedy").heap_quota(QUOTA).restart(policy);
    let domain: Domain<dyn HostResource> =
        host().spawn(spec, init_greedy, Mint::nothing()).unwrap();
    let supervisor = Supervisor::new("greedy", Strategy::OneForOne, policy).with(&domain);
    let supervision = samara_host_std::supervise(supervisor);
    let before = deaths("greedy").len();
    GREEDY.store(true, SeqCst);
    assert!(domain.kill());
    wait_until("the restarts failed", || {
        deaths("greedy").len() >= before + 3
    });
    GREEDY.store(false, SeqCst);
    assert!(supervision.stop().is_some());
    drop(domain);
}
