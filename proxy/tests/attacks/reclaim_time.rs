//! Attack: a server that holds very many objects dies. The next client that calls the server reclaims the dead
//! generation. The time of this reclaim once counted against the client's budget and ended the client.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, RpcError, Shadow, interface};
use samara_rref::RRef;
use samara_testkit::contained::contained;
use samara_testkit::hosted::{alone, host};
use std::sync::Mutex;
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

const BUDGET: Duration = Duration::from_millis(20);

#[interface]
trait Server {
    fn hoard(&self, objects: usize) -> Result<u32, RpcError>;
    fn hoard_handles(&self, of: Proxy<dyn Server>, handles: usize) -> Result<u32, RpcError>;
    fn die(&self) -> Result<u32, RpcError>;
    #[idempotent]
    fn status(&self) -> Result<u32, RpcError>;
}
#[derive(Default)]
struct Serving(Mutex<Vec<RRef<u64>>>, Mutex<Vec<Proxy<dyn Server>>>);
impl Server for Serving {
    fn hoard(&self, objects: usize) -> Result<u32, RpcError> {
        let mut all = self.0.lock().map_err(|_| RpcError::Crashed)?;
        for at in 0..objects {
            all.push(RRef::new(at as u64));
        }
        Ok(all.len() as u32)
    }
    fn hoard_handles(&self, of: Proxy<dyn Server>, handles: usize) -> Result<u32, RpcError> {
        let mut all = self.1.lock().map_err(|_| RpcError::Crashed)?;
        for _ in 0..handles {
            all.push(of.try_clone()?);
        }
        Ok(all.len() as u32)
    }
    fn die(&self) -> Result<u32, RpcError> {
        panic!("on request")
    }
    fn status(&self) -> Result<u32, RpcError> {
        Ok(7)
    }
}
fn serving((): ()) -> Result<Serving, RpcError> {
    Ok(Serving::default())
}

#[interface]
trait Client {
    fn status(&self) -> Result<u32, RpcError>;
}
struct Asking(Shadow<dyn Server>);
impl Client for Asking {
    fn status(&self) -> Result<u32, RpcError> {
        self.0.status()
    }
}
fn asking(server: Shadow<dyn Server>) -> Result<Asking, RpcError> {
    Ok(Asking(server))
}

fn attack(hoard: impl Fn(&Proxy<dyn Server>) -> Result<u32, RpcError>) {
    let _alone = alone();
    let _contained = contained(true);
    let restart = Restart::limited(20, Duration::from_secs(3600));
    let spec = DomainSpec::new("server").restart(restart);
    let server: Domain<dyn Server> = host().spawn(spec, serving, Mint::nothing()).unwrap();
    let of = server.clone();
    let mint = Mint::fallible(move || of.shadow());
    let spec = DomainSpec::new("client").budget(BUDGET);
    let client: Domain<dyn Client> = host().spawn(spec, asking, mint).unwrap();
    let asks = client.proxy().unwrap();
    // For comparison: the death of a server that has nothing.
    assert!(server.proxy().unwrap().die().is_err());
    assert_eq!(asks.status(), Ok(7));
    let attacker = server.proxy().unwrap();
    println!("hoards {:?}", hoard(&attacker));
    assert!(attacker.die().is_err());
    let began = Instant::now();
    let got = asks.status();
    let took = began.elapsed();
    let ended = client.exit_reason().map(|at| (at.kind, at.message));
    println!("{got:?} in {took:?}: {ended:?}");
    client.kill();
    server.kill();
    host().reap();
    assert_eq!((got, ended), (Ok(7), None), "the client is not at fault");
}

/// Invariant: HEAP-20
#[test]
fn asker_survives_reclaim_of_very_many_objects() {
    attack(|server| server.hoard(4_000_000));
}

/// Invariant: HEAP-20
#[test]
fn asker_survives_reclaim_of_very_many_handles() {
    attack(|server| server.hoard_handles(server.try_clone().unwrap(), 300_000));
}
