//! Supervisors: which children are restarted, in which order, how often, and when a supervisor gives up.

use samara_domain_runtime::{
    Domain, DomainSpec, ExitKind, Mint, Restart, SpawnError, Status, Strategy, Supervisor,
};
use samara_host_std::{DomainAlloc, System, supervise};
use samara_proxy::{Export, RpcError, Shadow, interface};
use samara_testkit::hosted::{Rng, Totals, alone, deaths, host, wait_until};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

const HOUR: Duration = Duration::from_secs(3600);

#[interface]
trait Part {
    #[idempotent]
    fn ping(&self) -> Result<(), RpcError>;
    fn crash(&self) -> Result<(), RpcError>;
}

struct Unit;

impl Part for Unit {
    fn ping(&self) -> Result<(), RpcError> {
        Ok(())
    }
    fn crash(&self) -> Result<(), RpcError> {
        panic!("asked to");
    }
}

/// A second interface, since a supervisor accepts children of any interface.
#[interface]
trait Other {
    fn crash_too(&self) -> Result<(), RpcError>;
}

impl Other for Unit {
    fn crash_too(&self) -> Result<(), RpcError> {
        panic!("asked to");
    }
}

/// The starts of a group, in order.
type Starts = Arc<Mutex<Vec<&'static str>>>;

/// Spawns a part whose own policy never restarts it.
fn part(name: &'static str, starts: &Starts) -> Domain<dyn Part> {
    part_with(name, starts, Restart::never())
}

fn part_with(name: &'static str, starts: &Starts, restart: Restart) -> Domain<dyn Part> {
    let starts = starts.clone();
    let mint = Mint::of(move || starts.lock().unwrap().push(name));
    let spec = DomainSpec::new(name).restart(restart);
    host()
        .spawn(spec, |()| Ok::<_, RpcError>(Unit), mint)
        .unwrap()
}

fn crash(domain: &Domain<dyn Part>) {
    assert_eq!(domain.proxy().unwrap().crash(), Err(RpcError::Crashed));
}

fn alive(domain: &Domain<dyn Part>) -> bool {
    domain.proxy().unwrap().ping().is_ok()
}

fn take(starts: &Starts) -> Vec<&'static str> {
    std::mem::take(&mut starts.lock().unwrap())
}

#[test]
fn one_for_one_restarts_the_dead_child_only() {
    let _alone = alone();
    let before = Totals::now();
    let starts = Starts::default();
    let [a, b] = ["one-a", "one-b"].map(|name| part(name, &starts));
    let other: Domain<dyn Other> = host()
        .spawn(
            DomainSpec::new("one-other"),
            |()| Ok::<_, RpcError>(Unit),
            Mint::nothing(),
        )
        .unwrap();
    let mut supervisor = Supervisor::new("one", Strategy::OneForOne, Restart::limited(10, HOUR))
        .with(&a)
        .with(&b)
        .with(&other);
    assert_eq!(supervisor.poll(), Status::Settled);
    take(&starts);

    let (old, sibling) = (a.proxy().unwrap(), b.proxy().unwrap());
    crash(&a);
    assert!(!alive(&a), "it stays dead until the poll");
    assert_eq!(supervisor.poll(), Status::Settled);
    assert_eq!(take(&starts), ["one-a"]);
    assert!(alive(&a) && sibling.ping().is_ok());
    assert_eq!(old.ping(), Err(RpcError::Dead));

    assert_eq!(other.proxy().unwrap().crash_too(), Err(RpcError::Crashed));
    assert_eq!(supervisor.poll(), Status::Settled);
    assert_eq!((other.restarts(), a.restarts(), b.restarts()), (1, 1, 0));
    // A child that the host has stopped is not restarted.
    b.stop(HOUR).unwrap();
    assert_eq!(supervisor.poll(), Status::Settled);
    assert!(!alive(&b));
    a.kill();
    other.kill();
    drop((old, sibling));
    assert_eq!(Totals::now(), before);
}

#[test]
fn one_for_all_ends_in_reverse_and_starts_in_order() {
    let _alone = alone();
    let before = Totals::now();
    let starts = Starts::default();
    let parts = ["all-a", "all-b", "all-c"].map(|name| part(name, &starts));
    let mut supervisor = Supervisor::new("all", Strategy::OneForAll, Restart::limited(10, HOUR));
    for part in &parts {
        supervisor = supervisor.with(part);
    }
    take(&starts);
    let olds = parts.each_ref().map(|part| part.proxy().unwrap());
    crash(&parts[1]);
    assert_eq!(supervisor.poll(), Status::Settled);
    assert_eq!(take(&starts), ["all-a", "all-b", "all-c"]);
    for (part, old) in parts.iter().zip(&olds) {
        assert!(alive(part));
        assert_eq!(old.ping(), Err(RpcError::Dead));
    }
    // The last child was ended first.
    let when = |part: &Domain<dyn Part>| part.exits().last().unwrap().at;
    assert!(when(&parts[2]) < when(&parts[0]));
    let kinds = parts
        .each_ref()
        .map(|part| part.exits().last().unwrap().reason.kind);
    assert_eq!(kinds, [ExitKind::Killed, ExitKind::Panic, ExitKind::Killed]);
    parts.iter().for_each(|part| assert!(part.kill()));
    drop(olds);
    assert_eq!(Totals::now(), before);
}

#[test]
fn siblings_follow_a_restart_on_demand() {
    let _alone = alone();
    let starts = Starts::default();
    let own = Restart::limited(5, HOUR);
    let [a, b] = ["demand-a", "demand-b"].map(|name| part_with(name, &starts, own));
    let mut supervisor = Supervisor::new("demand", Strategy::OneForAll, Restart::limited(2, HOUR))
        .with(&a)
        .with(&b);
    take(&starts);
    crash(&a);
    // The shadow restarts the crashed child before the supervisor's poll. The supervisor does not restart that child
    // again, but counts the shadow's restart as a restart of the group.
    assert_eq!(a.shadow().unwrap().ping(), Ok(()));
    assert_eq!(take(&starts), ["demand-a"]);
    assert_eq!(supervisor.poll(), Status::Settled);
    assert_eq!(take(&starts), ["demand-a", "demand-b"]);
    assert_eq!(supervisor.poll(), Status::Settled);
    assert!(take(&starts).is_empty());

    // With one-for-one, the supervisor restarts nothing after a shadow's restart, but counts it.
    let c = part_with("demand-c", &starts, own);
    let mut single =
        Supervisor::new("single", Strategy::OneForOne, Restart::limited(1, HOUR)).with(&c);
    take(&starts);
    crash(&c);
    assert_eq!(c.shadow().unwrap().ping(), Ok(()));
    assert_eq!(single.poll(), Status::Settled);
    assert_eq!(take(&starts), ["demand-c"]);
    crash(&c);
    assert_eq!(single.poll(), Status::GaveUp);
    for domain in [a, b, c] {
        domain.kill();
    }
}

/// Failure: F-31
#[test]
fn children_share_one_budget_and_end_with_it() {
    let _alone = alone();
    let before = Totals::now();
    let starts = Starts::default();
    let own = Restart::limited(100, HOUR);
    let [a, b] = ["budget-a", "budget-b"].map(|name| part_with(name, &starts, own));
    let mut supervisor = Supervisor::new("budget", Strategy::OneForOne, Restart::limited(2, HOUR))
        .with(&a)
        .with(&b);
    for domain in [&a, &b] {
        crash(domain);
        assert_eq!(supervisor.poll(), Status::Settled);
    }
    crash(&a);
    assert_eq!(supervisor.poll(), Status::GaveUp);
    assert_eq!(supervisor.poll(), Status::GaveUp);
    assert!(!alive(&b));
    assert_eq!(
        b.exit_reason().unwrap().message.as_str(),
        "killed by its supervisor"
    );
    // Neither a shadow nor the host restarts a child that its supervisor has given up.
    let shadow: Shadow<dyn Part> = b.shadow().unwrap();
    assert_eq!(shadow.ping(), Err(RpcError::RecoveryFailed));
    assert_eq!(a.restart(), Err(SpawnError::Stopped));
    drop(shadow);
    assert_eq!(Totals::now(), before);
}

/// Failure: F-19
#[test]
fn an_init_that_keeps_crashing_uses_up_the_budget() {
    let _alone = alone();
    static FAILS: AtomicU32 = AtomicU32::new(0);
    fn init((): ()) -> Result<Unit, String> {
        let spent = FAILS.try_update(SeqCst, SeqCst, |left| left.checked_sub(1));
        assert!(spent.is_err(), "init crashes");
        Ok(Unit)
    }
    let domain: Domain<dyn Part> = host()
        .spawn(DomainSpec::new("init"), init, Mint::nothing())
        .unwrap();
    let mut supervisor =
        Supervisor::new("init-loop", Strategy::OneForOne, Restart::limited(6, HOUR)).with(&domain);
    FAILS.store(3, SeqCst);
    crash(&domain);
    assert_eq!(supervisor.poll(), Status::Settled);
    assert!(alive(&domain));
    assert_eq!((domain.restarts(), deaths("init").len()), (4, 4));
    FAILS.store(u32::MAX, SeqCst);
    crash(&domain);
    assert_eq!(supervisor.poll(), Status::GaveUp);
    assert_eq!(domain.restarts(), 6);
}

#[test]
fn a_failed_recipe_is_retried_at_the_next_poll() {
    let _alone = alone();
    static GONE: AtomicU32 = AtomicU32::new(0);
    let mint = Mint::fallible(|| match GONE.load(SeqCst) {
        0 => Ok(()),
        _ => Err("the device is gone"),
    });
    let init = |()| Ok::<_, RpcError>(Unit);
    let domain: Domain<dyn Part> = host().spawn(DomainSpec::new("gone"), init, mint).unwrap();
    let mut supervisor =
        Supervisor::new("gone-up", Strategy::OneForOne, Restart::limited(5, HOUR)).with(&domain);
    GONE.store(1, SeqCst);
    crash(&domain);
    assert_eq!(supervisor.poll(), Status::Waiting);
    GONE.store(0, SeqCst);
    assert_eq!(supervisor.poll(), Status::Settled);
    assert!(domain.kill());
}

/// Spawns a part whose recipe fails while `gone` is set.
fn claiming(name: &'static str, starts: &Starts, gone: &Arc<AtomicBool>) -> Domain<dyn Part> {
    let (starts, gone) = (starts.clone(), gone.clone());
    let mint = Mint::fallible(move || {
        if gone.load(SeqCst) {
            return Err("the device is gone");
        }
        starts.lock().unwrap().push(name);
        Ok(())
    });
    let init = |()| Ok::<_, RpcError>(Unit);
    host().spawn(DomainSpec::new(name), init, mint).unwrap()
}

/// Invariant: HEAP-28
#[test]
fn restart_of_all_resumes_where_it_had_to_wait() {
    let _alone = alone();
    let starts = Starts::default();
    let gone = Arc::new(AtomicBool::new(false));
    let (a, c) = (part("goes-a", &starts), part("goes-c", &starts));
    let b = claiming("goes-b", &starts, &gone);
    let mut supervisor = Supervisor::new("goes", Strategy::OneForAll, Restart::limited(2, HOUR))
        .with(&a)
        .with(&b)
        .with(&c);
    take(&starts);
    gone.store(true, SeqCst);
    crash(&c);
    for _ in 0..5 {
        assert_eq!(supervisor.poll(), Status::Waiting);
    }
    assert_eq!(
        take(&starts),
        ["goes-a"],
        "the child must be started once and run on"
    );
    gone.store(false, SeqCst);
    assert_eq!(supervisor.poll(), Status::Settled);
    assert_eq!(take(&starts), ["goes-b", "goes-c"]);
    // So far, one restart of the group was spent. A restart that fails half-way is spent, too.
    gone.store(true, SeqCst);
    crash(&a);
    assert_eq!(supervisor.poll(), Status::Waiting);
    crash(&a);
    assert_eq!(supervisor.poll(), Status::GaveUp);
    assert!(![&a, &b, &c].into_iter().any(alive));
}

/// Invariant: HEAP-28
#[test]
fn a_waiting_subtree_makes_its_parent_wait() {
    let _alone = alone();
    let starts = Starts::default();
    let gone = Arc::new(AtomicBool::new(false));
    let (a, c) = (part("waits-a", &starts), part("waits-c", &starts));
    let b = claiming("waits-b", &starts, &gone);
    let lower = Supervisor::new(
        "waits-lower",
        Strategy::OneForOne,
        Restart::limited(1, HOUR),
    )
    .with(&a)
    .with(&b);
    let mut upper = Supervisor::new(
        "waits-upper",
        Strategy::OneForAll,
        Restart::limited(1, HOUR),
    )
    .with_supervisor(lower)
    .with(&c);
    take(&starts);
    gone.store(true, SeqCst);
    crash(&c);
    for _ in 0..5 {
        assert_eq!(upper.poll(), Status::Waiting);
    }
    // Children that follow the missing child may need handles on it, so the supervisor does not start them before it.
    assert_eq!(take(&starts), ["waits-a"]);
    gone.store(false, SeqCst);
    assert_eq!(upper.poll(), Status::Settled);
    assert_eq!(take(&starts), ["waits-b", "waits-c"]);
    for part in [a, b, c] {
        assert!(part.kill());
    }
}

/// Invariant: HEAP-29
#[test]
fn a_stop_does_not_leave_a_restart_of_all_half_done() {
    let _alone = alone();
    let starts = Starts::default();
    let gone = Arc::new(AtomicBool::new(false));
    let (a, c) = (part("half-a", &starts), part("half-c", &starts));
    let b = claiming("half-b", &starts, &gone);
    let policy = Restart::limited(1, HOUR);
    let lower = Supervisor::new("half-lower", Strategy::OneForOne, policy).with(&c);
    let mut upper = Supervisor::new("half-upper", Strategy::OneForAll, policy)
        .with(&a)
        .with(&b)
        .with_supervisor(lower);
    take(&starts);
    gone.store(true, SeqCst);
    crash(&a);
    assert_eq!(upper.poll(), Status::Waiting);
    // The supervisor no longer waits for the stopped child, and starts the others.
    assert_eq!(b.stop(HOUR), Ok(()));
    assert_eq!(upper.poll(), Status::Settled);
    assert_eq!(take(&starts), ["half-a", "half-c"]);
    // The start of the others belongs to the upper supervisor's first restart. So the lower supervisor still has its
    // whole restart budget, and the upper one has none left.
    crash(&c);
    assert_eq!(upper.poll(), Status::Settled);
    assert_eq!(take(&starts), ["half-c"]);
    crash(&c);
    assert_eq!(upper.poll(), Status::GaveUp);
    assert!(![&a, &b, &c].into_iter().any(alive));
}

#[test]
fn a_tree_escalates_and_starts_again_from_the_top() {
    let _alone = alone();
    let before = Totals::now();
    let starts = Starts::default();
    let [a, b, c] = ["tree-a", "tree-b", "tree-c"].map(|name| part(name, &starts));
    let policy = Restart::limited(1, HOUR);
    let lower = Supervisor::new("lower", Strategy::OneForOne, policy)
        .with(&b)
        .with(&c);
    let mut upper = Supervisor::new("upper", Strategy::OneForAll, policy)
        .with(&a)
        .with_supervisor(lower);
    take(&starts);
    // The lower supervisor handles the first crash.
    crash(&b);
    assert_eq!(upper.poll(), Status::Settled);
    assert_eq!(take(&starts), ["tree-b"]);
    // The second crash is beyond the lower supervisor's budget. So the upper one restarts everything.
    crash(&c);
    assert_eq!(upper.poll(), Status::Settled);
    assert_eq!(take(&starts), ["tree-a", "tree-b", "tree-c"]);
    assert!([&a, &b, &c].into_iter().all(alive));
    // The lower supervisor has a fresh budget, and the upper one has none left.
    crash(&c);
    assert_eq!(upper.poll(), Status::Settled);
    assert_eq!(take(&starts), ["tree-c"]);
    crash(&b);
    assert_eq!(upper.poll(), Status::GaveUp);
    assert!(![&a, &b, &c].into_iter().any(alive));
    assert_eq!(Totals::now(), before);
}

/// Invariant: THREAD-6
#[test]
fn a_stop_outlasts_its_supervisors_giving_up() {
    let _alone = alone();
    let before = Totals::now();
    let starts = Starts::default();
    let [a, b] = ["stopped-a", "stopped-b"].map(|name| part(name, &starts));
    let lower = Supervisor::new("stopped-lower", Strategy::OneForOne, Restart::never())
        .with(&a)
        .with(&b);
    let policy = Restart::limited(1, HOUR);
    let mut upper =
        Supervisor::new("stopped-upper", Strategy::OneForOne, policy).with_supervisor(lower);
    take(&starts);
    assert_eq!(b.stop(HOUR), Ok(()));
    // The lower supervisor gives up, and the upper one restarts its children, except the one that the host has
    // stopped.
    crash(&a);
    assert_eq!(upper.poll(), Status::Settled);
    assert_eq!(take(&starts), ["stopped-a"]);
    assert!(alive(&a) && !alive(&b));
    assert!(a.kill());
    drop(upper);
    assert_eq!(Totals::now(), before);
}

/// Invariant: THREAD-4
/// Failure: F-30
#[test]
fn background_supervisor_and_shadows_do_not_fight() {
    let _alone = alone();
    let before = Totals::now();
    let starts = Starts::default();
    let own = Restart::limited(u32::MAX, HOUR);
    let parts = ["bg-a", "bg-b", "bg-c"].map(|name| part_with(name, &starts, own));
    let mut supervisor = Supervisor::new("bg", Strategy::OneForAll, own);
    for part in &parts {
        supervisor = supervisor.with(part);
    }
    let background = supervise(supervisor);
    std::thread::scope(|scope| {
        for (who, part) in parts.iter().enumerate() {
            let shadow = part.shadow().unwrap();
            scope.spawn(move || {
                let mut rng = Rng::new(who as u64);
                for _ in 0..150 {
                    if rng.below(10) == 0 {
                        let _ = shadow.crash();
                    }
                    // Every call is answered, whichever restart is in flight. A shadow gives up on a call that four
                    // crashes have interrupted, which may happen in a busy group.
                    let answer = shadow.ping();
                    assert!(
                        matches!(answer, Ok(()) | Err(RpcError::Crashed)),
                        "{answer:?}"
                    );
                }
            });
        }
    });
    // Without crashes the group settles.
    let settled = || {
        std::thread::sleep(Duration::from_millis(5));
        parts.iter().all(alive)
    };
    wait_until("all parts", settled);
    let mut supervisor = background.stop().unwrap();
    assert_eq!(supervisor.poll(), Status::Settled);
    parts.iter().for_each(|part| assert!(part.kill()));
    drop(supervisor);
    assert_eq!(Totals::now(), before);
}
