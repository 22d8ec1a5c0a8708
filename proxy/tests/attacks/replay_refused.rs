//! Attack: a client over its quota makes a recorded call that asks a living server for an object, and the call is
//! *refused*. The host once took this refusal for a call that found the server dead, and restarted the server. The
//! old generation was not ended and ran on in a slot of its own.

use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, RpcError, Shadow, interface};
use samara_rref::RRef;
use samara_testkit::hosted::{alone, deaths, host};
use std::sync::Mutex;
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

#[interface]
trait Server {
    #[replay]
    fn give(&self, size: u32) -> Result<RRef<[u8]>, RpcError>;
    #[idempotent]
    fn live(&self) -> Result<u32, RpcError>;
}

struct Giving;
impl Server for Giving {
    fn give(&self, size: u32) -> Result<RRef<[u8]>, RpcError> {
        Ok(RRef::new_zeroed_slice(size as usize)?)
    }
    fn live(&self) -> Result<u32, RpcError> {
        Ok(7)
    }
}
fn giving((): ()) -> Result<Giving, RpcError> {
    Ok(Giving)
}

#[interface]
trait Client {
    fn attack(&self) -> Result<(), RpcError>;
}
struct Full(Shadow<dyn Server>, Mutex<Vec<RRef<[u8]>>>);
impl Client for Full {
    fn attack(&self) -> Result<(), RpcError> {
        // The result of one call may take the client far beyond its quota.
        let large = self.0.give(64 << 10)?;
        self.1.lock().unwrap().push(large);
        self.0.give(16).map(drop)
    }
}
fn full(server: Shadow<dyn Server>) -> Result<Full, RpcError> {
    Ok(Full(server, Mutex::default()))
}

/// Invariant: HEAP-30
#[test]
fn refused_recorded_call_replaces_no_living_server() {
    let _alone = alone();
    let restart = Restart::limited(20, Duration::from_secs(3600));
    let spec = DomainSpec::new("living")
        .restart(restart)
        .drain_timeout(Duration::from_millis(50));
    let server: Domain<dyn Server> = host().spawn(spec, giving, Mint::nothing()).unwrap();
    let first: Proxy<dyn Server> = server.proxy().unwrap();
    let of = server.clone();
    let spec = DomainSpec::new("full").shared_quota(8 << 10);
    let client: Domain<dyn Client> = host()
        .spawn(spec, full, Mint::fallible(move || of.shadow()))
        .unwrap();
    let began = Instant::now();
    let got = client.proxy().unwrap().attack();
    println!(
        "got {got:?} after {:?}; restarts {}, deaths {}",
        began.elapsed(),
        server.restarts(),
        deaths("living").len()
    );
    let old = first.live();
    println!("the first generation answers {old:?}");
    let generations = host()
        .domains()
        .filter(|info| info.name.as_str() == "living")
        .count();
    println!("{generations} generations in the table");
    assert_eq!(server.restarts(), 0, "a living server was replaced");
    assert_eq!(got, Err(RpcError::OverQuota));
}
