//! Recovery: which calls a shadow repeats, which it does not, and when it gives up.

use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, RpcError, Shadow, interface};
use samara_rref::RRef;
use samara_shared_heap::{Owner, heap, thread};
use samara_testkit::hosted::{deaths, foreign_events, host, owner_of, wait_until};
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

#[interface]
trait Disk {
    #[idempotent]
    fn sum(&self, factor: u64, data: &RRef<[u8]>) -> Result<u64, RpcError>;
    #[idempotent]
    fn read(&self, fill: u8, #[scratch] buf: RRef<[u8]>) -> Result<RRef<[u8]>, RpcError>;
    #[idempotent]
    fn header(
        &self,
        #[scratch] buf: RRef<[u64; 8]>,
        #[scratch] two: RRef<[u8]>,
    ) -> Result<usize, RpcError>;
    fn append(&self, data: RRef<RRef<u64>>) -> Result<RRef<RRef<u64>>, RpcError>;
    /// Counts its calls in [`COUNTED`]. It is not idempotent, although it moves nothing.
    fn count(&self) -> Result<(), RpcError>;
    /// A method with a default body. A call runs the callee's own method and not this default.
    #[idempotent]
    fn sector(&self) -> Result<u32, RpcError> {
        Ok(512)
    }
    #[idempotent]
    fn refuse(&self) -> Result<(), RpcError> {
        Err(RpcError::Crashed)
    }
}

/// How often a domain crashes before it answers. Each test has a count of its own, so that tests do not disturb
/// each other.
static CRASHES: [AtomicU32; 16] = [const { AtomicU32::new(0) }; 16];
/// For each test: how often `init` still has to fail, and how often it was called.
static INIT_FAILS: [AtomicU32; 16] = [const { AtomicU32::new(0) }; 16];
static INITS: [AtomicU32; 16] = [const { AtomicU32::new(0) }; 16];
static MINT_FAILS: [AtomicU32; 16] = [const { AtomicU32::new(0) }; 16];
static COUNTED: AtomicU32 = AtomicU32::new(0);
/// The highest owner index on whose behalf a recipe ran. It must be 0, the host's.
static MINTED_AS: AtomicUsize = AtomicUsize::new(0);

fn spend(count: &AtomicU32) -> bool {
    count
        .try_update(SeqCst, SeqCst, |left| left.checked_sub(1))
        .is_ok()
}

struct Flaky(usize);

impl Flaky {
    fn maybe_crash(&self) {
        assert!(!spend(&CRASHES[self.0]), "asked to crash");
    }
}

impl Disk for Flaky {
    fn count(&self) -> Result<(), RpcError> {
        COUNTED.fetch_add(1, SeqCst);
        self.maybe_crash();
        Ok(())
    }
    fn sum(&self, factor: u64, data: &RRef<[u8]>) -> Result<u64, RpcError> {
        self.maybe_crash();
        Ok(factor * data.iter().map(|byte| u64::from(*byte)).sum::<u64>())
    }
    fn read(&self, fill: u8, mut buf: RRef<[u8]>) -> Result<RRef<[u8]>, RpcError> {
        assert_eq!(RRef::owner(&buf), thread::current().owner());
        let clean = buf.iter().all(|byte| *byte == 0);
        buf.fill(fill);
        self.maybe_crash();
        if clean {
            Ok(buf)
        } else {
            Err(RpcError::OutOfMemory)
        }
    }
    fn header(&self, buf: RRef<[u64; 8]>, two: RRef<[u8]>) -> Result<usize, RpcError> {
        self.maybe_crash();
        assert_eq!(*buf, [0; 8]);
        Ok(two.len())
    }
    fn append(&self, data: RRef<RRef<u64>>) -> Result<RRef<RRef<u64>>, RpcError> {
        self.maybe_crash();
        Ok(data)
    }
    fn sector(&self) -> Result<u32, RpcError> {
        self.maybe_crash();
        Ok(4096)
    }
    fn refuse(&self) -> Result<(), RpcError> {
        INITS[self.0].fetch_add(100, SeqCst);
        Err(RpcError::Crashed)
    }
}

fn init(test: usize) -> Result<Flaky, String> {
    INITS[test].fetch_add(1, SeqCst);
    if spend(&INIT_FAILS[test]) {
        return Err(format!("init {test} fails"));
    }
    Ok(Flaky(test))
}

fn spawn(name: &str, test: usize, times: u32) -> (Domain<dyn Disk>, Shadow<dyn Disk>) {
    let restart = Restart::limited(times, Duration::from_secs(3600));
    let spec = DomainSpec::new(name).restart(restart);
    let mint = Mint::fallible(move || {
        MINTED_AS.fetch_max(thread::current().owner().index(), SeqCst);
        if spend(&MINT_FAILS[test]) {
            Err("the device is gone")
        } else {
            Ok(test)
        }
    });
    let domain: Domain<dyn Disk> = host().spawn(spec, init, mint).unwrap();
    let shadow = domain.shadow().unwrap();
    (domain, shadow)
}

/// Invariant: RECOVER-1
#[test]
fn an_idempotent_call_is_repeated_with_its_borrow() {
    let (domain, shadow) = spawn("repeat", 0, 10);
    let data = RRef::from_slice(&[1, 2, 3]);
    CRASHES[0].store(2, SeqCst);
    assert_eq!(shadow.sum(10, &data), Ok(60));
    assert_eq!(domain.restarts(), 2);
    assert_eq!(RRef::owner(&data), Owner::HOST);
    assert_eq!(deaths("repeat").len(), 2);
}

/// Invariant: OWN-5
#[test]
fn scratch_arguments_are_zeroed_for_a_repetition() {
    let (domain, shadow) = spawn("scratch", 1, 10);
    CRASHES[1].store(3, SeqCst);
    let buf = shadow
        .read(0xA5, RRef::new_zeroed_slice(5000).unwrap())
        .unwrap();
    assert_eq!(buf.len(), 5000);
    assert!(buf.iter().all(|byte| *byte == 0xA5));
    assert_eq!(domain.restarts(), 3);
    CRASHES[1].store(1, SeqCst);
    let (header, two) = (RRef::new([0; 8]), RRef::new_zeroed_slice(77).unwrap());
    assert_eq!(shadow.header(header, two), Ok(77));
}

/// Invariant: RECOVER-1
#[test]
fn a_call_that_is_not_idempotent_is_not_repeated() {
    let (domain, shadow) = spawn("once", 2, 10);
    CRASHES[2].store(1, SeqCst);
    let outcome = shadow.append(RRef::new(RRef::new(1)));
    assert_eq!(outcome.map(|_| ()), Err(RpcError::Crashed));
    // The domain was restarted all the same.
    assert_eq!(domain.restarts(), 1);
    assert_eq!(
        shadow.append(RRef::new(RRef::new(2))).map(|back| **back),
        Ok(2)
    );
    CRASHES[2].store(1, SeqCst);
    assert_eq!(shadow.count(), Err(RpcError::Crashed));
    assert_eq!(COUNTED.load(SeqCst), 1);
}

#[test]
fn a_refused_call_is_made_after_the_restart() {
    let (domain, shadow) = spawn("never-began", 3, 10);
    assert!(domain.kill());
    let back = shadow.append(RRef::new(RRef::new(3))).unwrap();
    assert_eq!((**back, RRef::owner(&back)), (3, Owner::HOST));
    assert_eq!(domain.restarts(), 1);
}

/// Invariant: RECOVER-2
#[test]
fn a_deadly_request_is_given_up_after_four_crashes() {
    let (domain, shadow) = spawn("poison", 4, 100);
    CRASHES[4].store(u32::MAX, SeqCst);
    let data = RRef::from_slice(&[1]);
    assert_eq!(shadow.sum(1, &data), Err(RpcError::Crashed));
    assert_eq!((deaths("poison").len(), domain.restarts()), (4, 4));
    // Only the one request makes the domain crash, so other requests must be answered.
    CRASHES[4].store(0, SeqCst);
    assert_eq!(shadow.sum(1, &data), Ok(1));
    assert_eq!(domain.restarts(), 4);
}

/// Invariant: RECOVER-2
/// Failure: F-31
#[test]
fn a_crash_loop_ends_at_the_restart_budget() {
    let (domain, shadow) = spawn("budget", 5, 2);
    CRASHES[5].store(u32::MAX, SeqCst);
    let data = RRef::from_slice(&[1]);
    assert_eq!(shadow.sum(1, &data), Err(RpcError::RecoveryFailed));
    assert_eq!((deaths("budget").len(), domain.restarts()), (3, 2));
    CRASHES[5].store(0, SeqCst);
    assert_eq!(shadow.sum(1, &data), Err(RpcError::RecoveryFailed));
    assert_eq!(domain.restarts(), 2);
}

#[test]
fn a_domain_that_is_never_restarted_stays_dead() {
    let (domain, shadow) = spawn("never", 6, 0);
    assert_eq!(shadow.sector(), Ok(4096));
    domain.kill();
    assert_eq!(shadow.sector(), Err(RpcError::RecoveryFailed));
    assert_eq!(INITS[6].load(SeqCst), 1);
}

/// Failure: F-19
#[test]
fn a_failing_init_is_tried_again_within_the_budget() {
    let (domain, shadow) = spawn("init-again", 7, 5);
    INIT_FAILS[7].store(3, SeqCst);
    domain.kill();
    assert_eq!(shadow.sector(), Ok(4096));
    assert_eq!((INITS[7].load(SeqCst), domain.restarts()), (1 + 4, 4));
    INIT_FAILS[7].store(u32::MAX, SeqCst);
    domain.kill();
    assert_eq!(shadow.sector(), Err(RpcError::RecoveryFailed));
    assert_eq!(INITS[7].load(SeqCst), 1 + 5);
    // Nothing is left of the failed starts but their exit reasons.
    assert!(
        deaths("init-again")
            .iter()
            .any(|why| why.message.as_str() == "init 7 fails")
    );
}

#[test]
fn a_failing_recipe_fails_only_the_recovery() {
    let (domain, shadow) = spawn("mint", 8, 5);
    MINT_FAILS[8].store(1, SeqCst);
    domain.kill();
    assert_eq!(shadow.sector(), Err(RpcError::RecoveryFailed));
    assert_eq!(INITS[8].load(SeqCst), 1);
    assert_eq!(
        shadow.sector(),
        Ok(4096),
        "the next recovery finds the device again"
    );
}

#[test]
fn a_stopped_domain_is_not_recovered() {
    let (domain, shadow) = spawn("stopped", 9, 5);
    domain.stop(Duration::from_secs(60)).unwrap();
    assert_eq!(shadow.sector(), Err(RpcError::RecoveryFailed));
    assert_eq!(INITS[9].load(SeqCst), 1);
}

#[test]
fn default_methods_and_their_errors_are_the_callees() {
    let (domain, shadow) = spawn("default", 10, 5);
    CRASHES[10].store(1, SeqCst);
    assert_eq!(shadow.sector(), Ok(4096));
    assert_eq!(domain.proxy().unwrap().sector(), Ok(4096));
    // If the method itself returns an error, even `Crashed`, the shadow does not take it for a crash.
    let restarts = domain.restarts();
    assert_eq!(shadow.refuse(), Err(RpcError::Crashed));
    assert_eq!(INITS[10].load(SeqCst), 2 + 100);
    assert_eq!(domain.restarts(), restarts);
}

/// A domain that holds another domain's shadow.
#[interface]
trait Client {
    fn ask(&self) -> Result<u32, RpcError>;
}

struct Asking(Shadow<dyn Disk>);

impl Client for Asking {
    fn ask(&self) -> Result<u32, RpcError> {
        self.0.sector()
    }
}

fn init_client(shadow: Shadow<dyn Disk>) -> Result<Asking, RpcError> {
    Ok(Asking(shadow))
}

/// Invariant: HEAP-40
#[test]
fn a_recovering_domain_owns_nothing_of_the_restart() {
    let (server, _) = spawn("server", 11, 100);
    let handle = server.clone();
    let client: Domain<dyn Client> = host()
        .spawn(
            DomainSpec::new("client"),
            init_client,
            Mint::fallible(move || handle.shadow()),
        )
        .unwrap();
    let asking = client.proxy().unwrap();
    assert_eq!(asking.ask(), Ok(4096));
    let me = owner_of(&client);
    let before = (heap::census(me), client.info().private_bytes);
    for _ in 0..50 {
        CRASHES[11].store(1, SeqCst);
        assert_eq!(asking.ask(), Ok(4096));
    }
    // The recipes, restart budgets and logs of 50 restarts on the client's thread belong to the host.
    assert_eq!((heap::census(me), client.info().private_bytes), before);
    assert_eq!((MINTED_AS.load(SeqCst), foreign_events()), (0, 0));
    assert_eq!(server.restarts(), 50);
    client.kill();
    server.kill();
    wait_until("the reclaim of both", || {
        host().reap();
        !host()
            .domains()
            .any(|info| ["client", "server"].contains(&info.name.as_str()))
    });
}
