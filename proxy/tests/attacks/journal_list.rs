//! Attack: a client that has recorded very many calls ends. If the journal's list of records did not shrink then, the
//! host would keep the memory by which the client's records made it grow, and no domain would be charged for this
//! memory.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
use samara_host_std::DomainAlloc;
use samara_proxy::{Export, RpcError, Shadow, interface};
use samara_testkit::hosted::{Counted, alone, await_reclaims, host};
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<Counted> = DomainAlloc::new(Counted);

const QUOTA: usize = 1 << 20;
const SERVERS: usize = 4;

#[interface]
trait Store {
    #[replay]
    fn set(&self, value: u32) -> Result<u32, RpcError>;
}
struct Keeping;
impl Store for Keeping {
    fn set(&self, value: u32) -> Result<u32, RpcError> {
        Ok(value)
    }
}
fn keeping((): ()) -> Result<Keeping, RpcError> {
    Ok(Keeping)
}

#[interface]
trait Client {
    /// Records calls until one is refused. Returns how many it made.
    fn fill(&self, store: Shadow<dyn Store>) -> Result<u32, RpcError>;
}
struct Filling;
impl Client for Filling {
    fn fill(&self, store: Shadow<dyn Store>) -> Result<u32, RpcError> {
        let mut made = 0;
        while store.set(made).is_ok() {
            made += 1;
        }
        Ok(made)
    }
}
fn filling((): ()) -> Result<Filling, RpcError> {
    Ok(Filling)
}

/// Invariant: HEAP-12
#[test]
fn nothing_is_left_of_a_dead_clients_records() {
    let _alone = alone();
    let restart = Restart::limited(100, Duration::from_secs(3600));
    let stores: Vec<Domain<dyn Store>> = (0..SERVERS)
        .map(|at| {
            let spec = DomainSpec::new(&format!("store-{at}")).replay_log(1 << 20);
            host().spawn(spec, keeping, Mint::nothing()).unwrap()
        })
        .collect();
    let spec = DomainSpec::new("client").restart(restart).host_quota(QUOTA);
    let client: Domain<dyn Client> = host().spawn(spec, filling, Mint::nothing()).unwrap();
    // From here on everything that is allocated once exists.
    let warm = client.proxy().unwrap().fill(stores[0].shadow().unwrap());
    println!("{warm:?} records fit");
    client.restart().unwrap();
    let _ = await_reclaims("client", 1);
    let before = Counted::bytes();
    for store in &stores[1..] {
        client
            .proxy()
            .unwrap()
            .fill(store.shadow().unwrap())
            .unwrap();
        client.restart().unwrap();
    }
    let _ = await_reclaims("client", SERVERS);
    let left = Counted::bytes().saturating_sub(before);
    client.kill();
    for store in &stores {
        store.kill();
    }
    host().reap();
    assert!(left < 2048, "{left} bytes, of a quota of {QUOTA}");
}
