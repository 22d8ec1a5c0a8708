//! A supervisor restarts a domain. The calls that a shadow has recorded are replayed, whether a supervisor or a
//! shadow restarts the domain.

use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart, Status, Strategy, Supervisor};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, RpcError, interface};
use samara_testkit::hosted::{Totals, alone, host};
use std::sync::Mutex;
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

#[interface]
trait Settings {
    #[replay]
    fn set(&self, value: u64) -> Result<(), RpcError>;
    #[idempotent]
    fn get(&self) -> Result<u64, RpcError>;
    fn crash(&self) -> Result<(), RpcError>;
}

#[derive(Default)]
struct Value(Mutex<u64>);

impl Settings for Value {
    fn set(&self, value: u64) -> Result<(), RpcError> {
        *self.0.lock().unwrap() += value;
        Ok(())
    }
    fn get(&self) -> Result<u64, RpcError> {
        Ok(*self.0.lock().unwrap())
    }
    fn crash(&self) -> Result<(), RpcError> {
        panic!("asked to");
    }
}

#[test]
fn a_supervisors_restart_replays_the_journal() {
    let _alone = alone();
    let before = Totals::now();
    // The domain's own policy allows no restart, so the supervisor has started the generation that runs
    // afterwards.
    let init = |()| Ok::<_, RpcError>(Value::default());
    let domain: Domain<dyn Settings> = host()
        .spawn(DomainSpec::new("settings"), init, Mint::nothing())
        .unwrap();
    let policy = Restart::limited(5, Duration::from_secs(3600));
    let mut supervisor = Supervisor::new("up", Strategy::OneForOne, policy).with(&domain);
    let shadow = domain.shadow().unwrap();
    assert_eq!((shadow.set(40), shadow.set(2)), (Ok(()), Ok(())));
    let proxy = domain.proxy().unwrap();
    assert_eq!(proxy.crash(), Err(RpcError::Crashed));
    assert_eq!(supervisor.poll(), Status::Settled);
    assert_eq!((shadow.get(), domain.restarts()), (Ok(42), 1));
    assert!(domain.kill());
    drop((shadow, proxy, supervisor, domain));
    assert_eq!(Totals::now(), before);
}
