//! Attack: a client that asks again and again while a service's recipe can't get what it wants from somebody else. Each
//! request spends a restart, and starts nothing.

use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, RpcError, Shadow, interface};
use samara_testkit::hosted::{alone, deaths, host};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

/// The device answers, or is being reset.
static READY: AtomicBool = AtomicBool::new(true);

#[interface]
trait Driver {
    #[idempotent]
    fn status(&self) -> Result<u32, RpcError>;
}
struct Driving;
impl Driver for Driving {
    fn status(&self) -> Result<u32, RpcError> {
        Ok(7)
    }
}
fn driving((): ()) -> Result<Driving, RpcError> {
    Ok(Driving)
}
#[interface]
trait Client {
    fn status(&self, times: u32) -> Result<u32, RpcError>;
}
struct Asking(Shadow<dyn Driver>);
impl Client for Asking {
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

#[test]
fn requests_while_a_recipe_fails_spend_no_restarts() {
    let _alone = alone();
    READY.store(true, SeqCst);
    let restart = Restart::limited(20, Duration::from_secs(3600));
    let spec = DomainSpec::new("driver").restart(restart);
    let claim = || READY.load(SeqCst).then_some(()).ok_or("the device is being reset");
    let driver: Domain<dyn Driver> = host().spawn(spec, driving, Mint::fallible(claim)).unwrap();
    let client = |name: &str| -> Domain<dyn Client> {
        let of = driver.clone();
        let mint = Mint::fallible(move || of.shadow());
        host().spawn(DomainSpec::new(name), asking, mint).unwrap()
    };
    let (attacker, victim) = (client("attacker"), client("victim"));
    READY.store(false, SeqCst);
    assert!(driver.kill());
    let got = attacker.proxy().unwrap().status(30);
    READY.store(true, SeqCst);
    let after = victim.proxy().unwrap().status(1);
    println!(
        "the attacker's: {got:?}; {} deaths; when the device is there, the others': {after:?}",
        deaths("driver").len()
    );
    attacker.kill();
    victim.kill();
    driver.kill();
    assert_eq!(after, Ok(7), "the service is over for everybody, after one start");
}
