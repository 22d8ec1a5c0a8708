//! Failed starts: faults of `init` and of a recipe. They leave nothing behind.

use samara_domain_runtime::{
    Domain, DomainInfo, DomainSpec, ExitKind, Mint, Restart, SpawnError, Status, Strategy,
    Supervisor, state::State,
};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, RpcError, interface};
use samara_rref::RRef;
use samara_testkit::hosted::{await_reclaims, deaths, host, owner_of, reclaims};
use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

#[interface]
trait Idle {
    fn owner(&self) -> Result<usize, RpcError>;
}

struct Unit;

impl Idle for Unit {
    fn owner(&self) -> Result<usize, RpcError> {
        Ok(RRef::owner(&RRef::new(0_u8)).index())
    }
}

fn spawn<A, E>(
    name: &str,
    init: fn(A) -> Result<Unit, E>,
    mint: Mint<A>,
) -> Result<Domain<dyn Idle>, SpawnError>
where
    A: samara_rref::Exchangeable,
    E: fmt::Display + 'static,
{
    let restart = Restart::limited(3, Duration::from_secs(3600));
    host().spawn(DomainSpec::new(name).restart(restart), init, mint)
}

fn running(name: &str) -> Vec<DomainInfo> {
    host()
        .domains()
        .filter(|info| info.name.as_str() == name)
        .collect()
}

/// Allocates on both heaps. No destructor frees these objects.
fn leave_things() {
    std::mem::forget(RRef::new([0_u64; 100]));
    std::mem::forget(vec![0_u8; 1 << 20]);
}

/// Invariant: LIFE-14
/// Failure: F-19
#[test]
fn an_init_error_is_reported_and_leaves_nothing() {
    fn init((): ()) -> Result<Unit, String> {
        leave_things();
        Err("no such device".to_string())
    }
    let Err(SpawnError::Init(reason)) = spawn("returns-error", init, Mint::nothing()) else {
        panic!("init fails");
    };
    assert_eq!(reason.kind, ExitKind::InitFailed);
    assert_eq!(reason.message.as_str(), "no such device");
    let released = await_reclaims("returns-error", 1)[0];
    assert_eq!((released.objects, released.capabilities), (1, 0));
    assert!(released.private_bytes >= 1 << 20);
    assert!(running("returns-error").is_empty());
}

/// Invariant: LIFE-14
/// Failure: F-19
#[test]
fn a_panic_of_init_is_reported_with_its_place() {
    fn init(arguments: (RRef<u64>, Proxy<dyn Idle>)) -> Result<Unit, RpcError> {
        leave_things();
        let (number, proxy) = arguments;
        std::mem::forget(proxy);
        panic!("bad number {}", *number);
    }
    let helper = spawn(
        "panics-helper",
        |()| Ok::<_, RpcError>(Unit),
        Mint::nothing(),
    )
    .unwrap();
    let handle = helper.clone();
    let mint = Mint::fallible(move || handle.proxy().map(|proxy| (RRef::new(3), proxy)));
    let Err(SpawnError::Init(reason)) = spawn("panics", init, mint) else {
        panic!("init panics");
    };
    assert_eq!(reason.kind, ExitKind::Panic);
    assert_eq!(reason.message.as_str(), "bad number 3");
    assert!(reason.place.as_str().contains("failed_starts.rs:"));
    let released = await_reclaims("panics", 1)[0];
    assert_eq!((released.objects, released.capabilities), (1, 1));
    assert!(helper.kill());
}

/// Failure: F-6
#[test]
fn a_panicking_display_is_a_panic_of_the_domain() {
    struct Rude;
    impl fmt::Display for Rude {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("no words");
        }
    }
    let Err(SpawnError::Init(reason)) = spawn("rude", |()| Err(Rude), Mint::nothing()) else {
        panic!("init fails");
    };
    assert_eq!(
        (reason.kind, reason.message.as_str()),
        (ExitKind::Panic, "no words")
    );
    assert_eq!(await_reclaims("rude", 1).len(), 1);
}

#[test]
fn a_recipe_that_fails_takes_no_slot() {
    let failing = Mint::<()>::fallible(|| Err::<(), _>("no memory for rings"));
    let Err(SpawnError::Mint(reason)) = spawn("mint", |()| Ok::<_, RpcError>(Unit), failing) else {
        panic!("the recipe fails");
    };
    assert_eq!(reason.message.as_str(), "no memory for rings");
    assert!(deaths("mint").is_empty() && running("mint").is_empty());
}

/// Invariant: LIFE-14
#[test]
fn a_panicking_recipe_is_reported_and_can_be_retried() {
    static PANICS: AtomicU32 = AtomicU32::new(0);
    fn mint() -> Mint<()> {
        Mint::of(|| assert_eq!(PANICS.load(SeqCst), 0, "the recipe panics"))
    }
    fn message(failed: Result<(), SpawnError>) -> String {
        match failed {
            Err(SpawnError::Mint(reason)) => reason.message.as_str().to_owned(),
            other => panic!("{other:?}"),
        }
    }
    PANICS.store(1, SeqCst);
    let init = |()| Ok::<_, RpcError>(Unit);
    let text = message(spawn("recipe", init, mint()).map(drop));
    assert_eq!(text, "the recipe panicked");
    assert!(running("recipe").is_empty());

    PANICS.store(0, SeqCst);
    let domain = spawn("recipe", init, mint()).unwrap();
    let shadow = domain.shadow().unwrap();
    PANICS.store(1, SeqCst);
    assert_eq!(message(domain.restart()), "the recipe panicked");
    // If a caller's shadow finds the domain dead and restarts it, the recipe's panic does not reach the caller.
    assert_eq!(shadow.owner(), Err(RpcError::RecoveryFailed));
    let mut supervisor = Supervisor::new("recipes", Strategy::OneForOne, Restart::never());
    supervisor = supervisor.with(&domain);
    assert_eq!(supervisor.poll(), Status::GaveUp);
    // The failed restarts do not block a new start.
    PANICS.store(0, SeqCst);
    let domain = spawn("recipe", init, mint()).unwrap();
    assert!(domain.proxy().unwrap().owner().is_ok());
    domain.kill();
}

/// Failure: F-11
#[test]
fn init_value_beyond_the_quota_fails_the_start() {
    let spec = DomainSpec::new("no-quota").shared_quota(1024);
    struct Large([u64; 1000]);
    impl Idle for Large {
        fn owner(&self) -> Result<usize, RpcError> {
            Ok(self.0.len())
        }
    }
    let init = |()| Ok::<_, RpcError>(Large([0; 1000]));
    let spawned: Result<Domain<dyn Idle>, _> = host().spawn(spec, init, Mint::nothing());
    let Err(SpawnError::Init(reason)) = spawned else {
        panic!("8000 bytes do not fit into 1024");
    };
    assert_eq!(reason.message.as_str(), "no quota for what init returned");
    assert_eq!(await_reclaims("no-quota", 1)[0].objects, 0);
}

/// Invariant: CROSS-8
#[test]
fn each_start_mints_arguments_for_its_generation() {
    fn init(argument: RRef<RRef<usize>>) -> Result<Unit, String> {
        let (outer, inner) = (RRef::owner(&argument), RRef::owner(&*argument));
        if outer != inner || outer.is_host() || **argument > 2 {
            return Err(format!("{outer:?} {inner:?} {}", **argument));
        }
        Ok(Unit)
    }
    static MINTED: AtomicU32 = AtomicU32::new(0);
    let mint = Mint::of(|| RRef::new(RRef::new(MINTED.fetch_add(1, SeqCst) as usize)));
    let domain = spawn("minted", init, mint).unwrap();
    assert_eq!(domain.restart(), Ok(()));
    assert_eq!(domain.restart(), Ok(()));
    assert_eq!((MINTED.load(SeqCst), domain.restarts()), (3, 2));
    assert_eq!(
        domain.proxy().unwrap().owner(),
        Ok(owner_of(&domain).index())
    );
    // `init` refuses the third argument: the domain stays dead, and its restarts are spent.
    let failed = domain.restart();
    assert_eq!(failed, Err(SpawnError::BudgetExhausted));
    assert_eq!(await_reclaims("minted", 4).len(), 4);
    assert_eq!(domain.info().state, State::Free);
}

#[test]
fn the_hosts_restart_ends_a_generation_and_spends_one() {
    let domain = spawn("restarted", |()| Ok::<_, RpcError>(Unit), Mint::nothing()).unwrap();
    let old = domain.proxy().unwrap();
    for done in 1..=3 {
        assert_eq!(domain.restart(), Ok(()));
        assert_eq!(domain.restarts(), done);
        assert_eq!(old.owner(), Err(RpcError::Dead));
        assert!(domain.proxy().unwrap().owner().is_ok());
        assert_eq!(reclaims("restarted").len(), done as usize);
    }
    assert_eq!(domain.restart(), Err(SpawnError::BudgetExhausted));
    assert_eq!(domain.restarts(), 3);
}

#[test]
fn dropping_the_handle_leaves_the_domain_running() {
    let domain = spawn("dropped", |()| Ok::<_, RpcError>(Unit), Mint::nothing()).unwrap();
    let proxy = domain.proxy().unwrap();
    drop(domain);
    assert!(proxy.owner().is_ok());
    assert_eq!(running("dropped")[0].state, State::Running);
}
