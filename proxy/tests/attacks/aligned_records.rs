//! Attack: recorded calls with a strongly aligned argument. The allocation of such an argument contains padding
//! before the argument, which the host once charged to no domain.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{Domain, DomainSpec, Mint};
use samara_host_std::DomainAlloc;
use samara_proxy::{Export, RpcError, Shadow, interface};
use samara_rref::Exchangeable;
use samara_testkit::hosted::{Counted, alone, host};

#[global_allocator]
static ALLOC: DomainAlloc<Counted> = DomainAlloc::new(Counted);

const QUOTA: usize = 1 << 20;

#[derive(Clone, Copy, Exchangeable)]
#[repr(C, align(4096))]
struct Page {
    number: u32,
}

#[interface]
trait Store {
    #[replay]
    fn set(&self, page: Page) -> Result<u32, RpcError>;
}
struct Keeping;
impl Store for Keeping {
    fn set(&self, page: Page) -> Result<u32, RpcError> {
        Ok(page.number)
    }
}
fn keeping((): ()) -> Result<Keeping, RpcError> {
    Ok(Keeping)
}

#[interface]
trait Client {
    /// Records calls until one is refused. Returns how many it made.
    fn fill(&self) -> Result<u32, RpcError>;
}
struct Filling(Shadow<dyn Store>);
impl Client for Filling {
    fn fill(&self) -> Result<u32, RpcError> {
        let mut made = 0;
        while self.0.set(Page { number: made }).is_ok() {
            made += 1;
        }
        Ok(made)
    }
}
fn filling(store: Shadow<dyn Store>) -> Result<Filling, RpcError> {
    Ok(Filling(store))
}

/// Invariant: HEAP-11
#[test]
fn padding_of_aligned_records_is_charged() {
    let _alone = alone();
    let spec = DomainSpec::new("store").replay_log(1 << 20);
    let store: Domain<dyn Store> = host().spawn(spec, keeping, Mint::nothing()).unwrap();
    let of = store.clone();
    let spec = DomainSpec::new("client").host_quota(QUOTA);
    let client: Domain<dyn Client> = host()
        .spawn(spec, filling, Mint::fallible(move || of.shadow()))
        .unwrap();
    let before = Counted::bytes();
    let made = client.proxy().unwrap().fill();
    let has = Counted::bytes() - before;
    client.kill();
    store.kill();
    host().reap();
    println!("{made:?} records: {has} bytes");
    assert!(has < QUOTA + 2048, "{has} bytes, of a quota of {QUOTA}");
}
