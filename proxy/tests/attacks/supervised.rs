//! Attacks on the promises of a service through the restarts and stops that a supervisor makes.

use samara_domain_runtime::state::State;
use samara_domain_runtime::{
    Domain, DomainSpec, Mint, Restart, SpawnError, Status, Strategy, Supervisor,
};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, RpcError, interface};
use samara_testkit::hosted::{alone, deaths, host, reclaims, wait_until};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

/// A place where a thread waits until the test lets it go.
struct Halt {
    is_there: AtomicBool,
    goes_on: AtomicBool,
}

impl Halt {
    const fn new() -> Self {
        Self {
            is_there: AtomicBool::new(false),
            goes_on: AtomicBool::new(false),
        }
    }
    fn wait(&self) {
        self.is_there.store(true, SeqCst);
        while !self.goes_on.load(SeqCst) {
            thread::sleep(Duration::from_millis(1));
        }
    }
    fn is_there(&self) -> bool {
        self.is_there.load(SeqCst)
    }
    fn go(&self) {
        self.goes_on.store(true, SeqCst);
    }
}

#[interface]
trait Service {
    fn ask(&self) -> Result<(), RpcError>;
    #[idempotent]
    fn status(&self) -> Result<u32, RpcError>;
}

struct Plain;
impl Service for Plain {
    fn ask(&self) -> Result<(), RpcError> {
        CALLEE.wait();
        Ok(())
    }
    fn status(&self) -> Result<u32, RpcError> {
        Ok(7)
    }
}
fn plain((): ()) -> Result<Plain, RpcError> {
    Ok(Plain)
}

/// Passes its calls on to another service.
struct Asking(Proxy<dyn Service>);
impl Service for Asking {
    fn ask(&self) -> Result<(), RpcError> {
        self.0.ask()
    }
    fn status(&self) -> Result<u32, RpcError> {
        Ok(7)
    }
}
fn asking(callee: Proxy<dyn Service>) -> Result<Asking, RpcError> {
    Ok(Asking(callee))
}

fn spawn(name: &str) -> Domain<dyn Service> {
    let spec = DomainSpec::new(name);
    host().spawn(spec, plain, Mint::nothing()).unwrap()
}

const fn restarts(times: u32) -> Restart {
    Restart::limited(times, Duration::from_secs(3600))
}

static CALLEE: Halt = Halt::new();

/// A driver dies once, while its call of a callee does not return. As long as this call lasts, no new generation can
/// be started, because the recipe needs the device that the old generation still has.
///
/// Invariant: HEAP-28
#[test]
fn supervisor_spends_nothing_on_impossible_starts() {
    let _alone = alone();
    let callee = spawn("callee");
    let of = callee.clone();
    // The device belongs to the old generation until that is reclaimed.
    let claim = move || {
        if deaths("claims").len() != reclaims("claims").len() {
            return Err("the device is claimed");
        }
        of.proxy().map_err(|_| "no memory")
    };
    let spec = DomainSpec::new("claims").drain_timeout(Duration::from_millis(10));
    let driver: Domain<dyn Service> = host().spawn(spec, asking, Mint::fallible(claim)).unwrap();
    let neighbour = spawn("neighbour");
    let mut supervisor = Supervisor::new("tree", Strategy::OneForOne, restarts(5))
        .with(&driver)
        .with(&neighbour);
    let proxy = driver.proxy().unwrap();
    let asks = thread::spawn(move || proxy.ask());
    wait_until("the call", || CALLEE.is_there());
    assert!(driver.kill());
    let polls: Vec<_> = (0..8).map(|_| supervisor.poll()).collect();
    CALLEE.go();
    let _ = asks.join();
    host().reap();
    let last = supervisor.poll();
    let lived = neighbour.proxy().unwrap().status();
    callee.kill();
    driver.kill();
    neighbour.kill();
    assert_eq!(lived, Ok(7), "one death ended the whole tree");
    assert_eq!((polls, last), (vec![Status::Waiting; 8], Status::Settled));
}

/// The host stops a service while a supervisor's restart of it is still in the recipe. The stop returns before the
/// restart goes on, and the restart must not start the service any more.
///
/// Invariant: HEAP-31, THREAD-6
#[test]
fn a_stop_outlasts_a_supervisors_restart() {
    static RECIPE: Halt = Halt::new();
    static STARTS: AtomicU32 = AtomicU32::new(0);
    let _alone = alone();
    let recipe = || {
        if STARTS.fetch_add(1, SeqCst) == 1 {
            RECIPE.wait();
        }
    };
    let spec = DomainSpec::new("stopped")
        .restart(restarts(20))
        .drain_timeout(Duration::from_millis(10));
    let service: Domain<dyn Service> = host().spawn(spec, plain, Mint::of(recipe)).unwrap();
    let mut supervisor = Supervisor::new("above", Strategy::OneForOne, restarts(20)).with(&service);
    let shadow = service.shadow().unwrap();
    assert!(service.kill());
    let polling = thread::spawn(move || (supervisor.poll(), supervisor));
    wait_until("the recipe", || RECIPE.is_there());
    let stopped = service.stop(Duration::ZERO);
    assert_eq!(
        stopped,
        Err(SpawnError::StillDraining),
        "a restart is in flight"
    );
    RECIPE.go();
    let (first, mut supervisor) = polling.join().unwrap();
    assert_eq!(first, Status::Settled);
    assert_eq!(shadow.status(), Err(RpcError::RecoveryFailed));
    assert_eq!(supervisor.poll(), Status::Settled);
    assert_eq!(
        STARTS.load(SeqCst),
        2,
        "the service was started after its stop"
    );
}

/// A supervisor gives up while a client's thread is in the `init` of one child's next generation.
///
/// Invariant: HEAP-31
#[test]
fn a_supervisor_that_gives_up_ends_starts_in_flight() {
    static INIT: Halt = Halt::new();
    static HANGS: AtomicBool = AtomicBool::new(false);
    fn hanging((): ()) -> Result<Plain, RpcError> {
        if HANGS.load(SeqCst) {
            INIT.wait();
        }
        Ok(Plain)
    }
    let _alone = alone();
    let first = spawn("first");
    let spec = DomainSpec::new("second").restart(restarts(20));
    let second: Domain<dyn Service> = host().spawn(spec, hanging, Mint::nothing()).unwrap();
    let mut supervisor = Supervisor::new("pair", Strategy::OneForOne, Restart::never())
        .with(&first)
        .with(&second);
    HANGS.store(true, SeqCst);
    let shadow = second.shadow().unwrap();
    assert!(second.kill());
    let calls = thread::spawn(move || shadow.status());
    wait_until("the init", || INIT.is_there());
    assert!(first.kill());
    assert_eq!(supervisor.poll(), Status::GaveUp);
    let is_alive = || {
        host().domains().any(|info| {
            info.name.as_str() == "second" && matches!(info.state, State::Starting | State::Running)
        })
    };
    assert!(!is_alive(), "the start in `init` must be ended");
    INIT.go();
    assert_eq!(calls.join().unwrap(), Err(RpcError::RecoveryFailed));
    assert!(!is_alive(), "started after the supervisor gave up");
}

/// The first child of a one-for-all restart cannot be started for a while.
///
/// Invariant: HEAP-29
#[test]
fn a_child_that_waits_ends_its_siblings_once() {
    let _alone = alone();
    let gone = Arc::new(AtomicBool::new(false));
    let device = gone.clone();
    let claim = move || {
        if device.load(SeqCst) {
            Err("the device is claimed")
        } else {
            Ok(())
        }
    };
    let driver: Domain<dyn Service> = host()
        .spawn(DomainSpec::new("waits"), plain, Mint::fallible(claim))
        .unwrap();
    let spec = DomainSpec::new("sibling").restart(restarts(8));
    let sibling: Domain<dyn Service> = host().spawn(spec, plain, Mint::nothing()).unwrap();
    let mut supervisor = Supervisor::new("all", Strategy::OneForAll, restarts(3))
        .with(&driver)
        .with(&sibling);
    let shadow = sibling.shadow().unwrap();
    gone.store(true, SeqCst);
    assert!(driver.kill());
    let mut answers = Vec::new();
    for _ in 0..12 {
        assert_eq!(supervisor.poll(), Status::Waiting);
        // A client starts the sibling meanwhile.
        answers.push(shadow.status());
    }
    let died = deaths("sibling").len();
    gone.store(false, SeqCst);
    let last = supervisor.poll();
    let lived = (driver.restarts(), sibling.restarts());
    driver.kill();
    sibling.kill();
    host().reap();
    assert_eq!((answers, died), (vec![Ok(7); 12], 1));
    assert_eq!((last, lived), (Status::Settled, (13, 2)));
}

/// A child has as many dead generations with a call inside as a service may have, so the child cannot be started.
///
/// Invariant: HEAP-29
#[test]
fn impossible_starts_do_not_end_siblings() {
    static INSIDE: AtomicU32 = AtomicU32::new(0);
    static OVER: AtomicBool = AtomicBool::new(false);
    struct Long;
    impl Service for Long {
        fn ask(&self) -> Result<(), RpcError> {
            INSIDE.fetch_add(1, SeqCst);
            while !OVER.load(SeqCst) {
                thread::sleep(Duration::from_millis(1));
            }
            Ok(())
        }
        fn status(&self) -> Result<u32, RpcError> {
            Ok(7)
        }
    }
    let _alone = alone();
    let spec = DomainSpec::new("lags")
        .restart(restarts(20))
        .drain_timeout(Duration::from_millis(1));
    let init = |()| Ok::<_, RpcError>(Long);
    let lags: Domain<dyn Service> = host().spawn(spec, init, Mint::nothing()).unwrap();
    let neighbour = spawn("beside-lags");
    let mut supervisor = Supervisor::new("all", Strategy::OneForAll, restarts(3))
        .with(&neighbour)
        .with(&lags);
    let mut calls = Vec::new();
    for at in 1..=9 {
        let proxy = lags.proxy().unwrap();
        calls.push(thread::spawn(move || proxy.ask()));
        wait_until("the call", || INSIDE.load(SeqCst) == at);
        assert!(lags.kill());
        if at < 9 {
            lags.restart().unwrap();
        } else {
            let polls = [supervisor.poll(), supervisor.poll()];
            assert_eq!(polls, [Status::Waiting; 2]);
        }
    }
    let died = deaths("beside-lags").len();
    OVER.store(true, SeqCst);
    for call in calls {
        let _ = call.join();
    }
    host().reap();
    let last = supervisor.poll();
    lags.kill();
    neighbour.kill();
    host().reap();
    assert_eq!((died, last), (0, Status::Settled));
}

/// A child that a one-for-all restart could not start is started by a client before the supervisor's next poll.
///
/// Invariant: HEAP-29
#[test]
fn restart_of_all_keeps_children_started_since() {
    let _alone = alone();
    let gone = Arc::new(AtomicBool::new(false));
    let device = gone.clone();
    let claim = move || {
        if device.swap(true, SeqCst) {
            Err("the device is claimed")
        } else {
            Ok(())
        }
    };
    let spec = DomainSpec::new("claiming").restart(restarts(8));
    let driver: Domain<dyn Service> = host().spawn(spec, plain, Mint::fallible(claim)).unwrap();
    let sibling = spawn("claims-sibling");
    let mut supervisor = Supervisor::new("all", Strategy::OneForAll, restarts(3))
        .with(&driver)
        .with(&sibling);
    assert!(driver.kill());
    assert_eq!(supervisor.poll(), Status::Waiting);
    gone.store(false, SeqCst);
    assert_eq!(driver.shadow().unwrap().status(), Ok(7));
    // From here on the device is claimed by the generation that runs.
    let polls = [supervisor.poll(), supervisor.poll()];
    let died = [deaths("claiming").len(), deaths("claims-sibling").len()];
    let answers = [&driver, &sibling].map(|domain| domain.proxy().unwrap().status());
    driver.kill();
    sibling.kill();
    host().reap();
    assert_eq!((polls, died), ([Status::Settled; 2], [1, 1]));
    assert_eq!(answers, [Ok(7), Ok(7)]);
}
