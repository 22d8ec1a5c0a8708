//! Attack: as long as a call is inside a dead generation, this generation has the device that the recipe of the next
//! one needs. If the host spent a restart before it knows whether the recipe succeeds, each request of any client
//! would spend one and start nothing, until all restarts are spent.

use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, RpcError, Shadow, interface};
use samara_testkit::hosted::{alone, deaths, host, reclaims, wait_until};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

static INSIDE: AtomicBool = AtomicBool::new(false);
static OVER: AtomicBool = AtomicBool::new(false);
/// Whether the device is ready; otherwise the recipe fails.
static READY: AtomicBool = AtomicBool::new(true);

#[interface]
trait Driver {
    /// Waits until the test sets `OVER`, like a call that waits for a packet.
    fn receive(&self) -> Result<(), RpcError>;
    #[idempotent]
    fn status(&self) -> Result<u32, RpcError>;
}
struct Driving;
impl Driver for Driving {
    fn receive(&self) -> Result<(), RpcError> {
        INSIDE.store(true, SeqCst);
        while !OVER.load(SeqCst) {
            thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }
    fn status(&self) -> Result<u32, RpcError> {
        Ok(7)
    }
}
fn driving((): ()) -> Result<Driving, RpcError> {
    Ok(Driving)
}

#[interface]
trait Client {
    fn receive(&self) -> Result<(), RpcError>;
    fn status(&self, times: u32) -> Result<u32, RpcError>;
}
struct Asking(Shadow<dyn Driver>);
impl Client for Asking {
    fn receive(&self) -> Result<(), RpcError> {
        self.0.receive()
    }
    fn status(&self, times: u32) -> Result<u32, RpcError> {
        let mut last = Err(RpcError::Dead);
        for _ in 0..times {
            last = self.0.status();
        }
        last
    }
}
fn asking(driver: Shadow<dyn Driver>) -> Result<Asking, RpcError> {
    Ok(Asking(driver))
}

type Asked = (Domain<dyn Client>, Proxy<dyn Client>);

fn client(name: &str, of: &Domain<dyn Driver>) -> Asked {
    let of = of.clone();
    let mint = Mint::fallible(move || of.shadow());
    let client: Domain<dyn Client> = host().spawn(DomainSpec::new(name), asking, mint).unwrap();
    let proxy = client.proxy().unwrap();
    (client, proxy)
}

/// Invariant: HEAP-30
#[test]
fn a_restart_that_cannot_start_is_not_spent() {
    let _alone = alone();
    let restart = Restart::limited(20, Duration::from_secs(3600));
    let spec = DomainSpec::new("driver")
        .restart(restart)
        .drain_timeout(Duration::from_millis(10));
    // The device belongs to the old generation until that is reclaimed.
    let claim = || {
        let is_free = deaths("driver").len() == reclaims("driver").len();
        is_free.then_some(()).ok_or("the device is claimed")
    };
    let driver: Domain<dyn Driver> = host().spawn(spec, driving, Mint::fallible(claim)).unwrap();
    let (attacker, proxy) = client("attacker", &driver);
    let (victim, other) = client("victim", &driver);
    let receiving = proxy.try_clone().unwrap();
    let receives = thread::spawn(move || receiving.receive());
    wait_until("the call", || INSIDE.load(SeqCst));
    assert!(driver.kill());
    let got = proxy.status(30);
    OVER.store(true, SeqCst);
    let _ = receives.join();
    host().reap();
    let after = other.status(1);
    println!("the attacker's: {got:?}; when its call has left, the others': {after:?}");
    attacker.kill();
    victim.kill();
    driver.kill();
    assert_eq!(
        after,
        Ok(7),
        "the service must still work for other clients"
    );
}

/// The recipe needs something of a third party, which provides it again later.
///
/// Invariant: HEAP-30
#[test]
fn requests_while_a_recipe_fails_spend_no_restarts() {
    let _alone = alone();
    let restart = Restart::limited(20, Duration::from_secs(3600));
    let spec = DomainSpec::new("reset").restart(restart);
    let claim = || {
        let is_ready = READY.load(SeqCst);
        is_ready.then_some(()).ok_or("the device is being reset")
    };
    let driver: Domain<dyn Driver> = host().spawn(spec, driving, Mint::fallible(claim)).unwrap();
    let (attacker, proxy) = client("attacker", &driver);
    let (victim, other) = client("victim", &driver);
    READY.store(false, SeqCst);
    assert!(driver.kill());
    assert_eq!(proxy.status(30), Err(RpcError::RecoveryFailed));
    READY.store(true, SeqCst);
    assert_eq!(
        other.status(1),
        Ok(7),
        "the service must still work for other clients"
    );
    assert_eq!(deaths("reset").len(), 1);
    for killed in [attacker.kill(), victim.kill(), driver.kill()] {
        assert!(killed);
    }
}
