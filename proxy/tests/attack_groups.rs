//! Attack: a domain at its share of groups hands them on and opens more: two take all.

#![expect(unsafe_code, reason = "closes groups without members")]
use samara_domain_runtime::{Domain, DomainSpec, Mint};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, RpcError, interface};
use samara_rref::RRefDeque;
use samara_shared_heap::group;
use samara_testkit::hosted::{alone, host};
use std::sync::Mutex;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

type Batch = RRefDeque<u64, 2>;
#[interface]
trait Keep {
    fn keep(&self, batch: Batch) -> Result<(), RpcError>;
}
struct Keeper(Mutex<Vec<Batch>>);
impl Keep for Keeper {
    fn keep(&self, batch: Batch) -> Result<(), RpcError> {
        self.0.lock().unwrap().push(batch);
        Ok(())
    }
}
fn keeper((): ()) -> Result<Keeper, RpcError> {
    Ok(Keeper(Mutex::default()))
}
#[interface]
trait Feed {
    fn feed(&self, count: u32) -> Result<(), RpcError>;
}
struct Feeder(Proxy<dyn Keep>);
impl Feed for Feeder {
    fn feed(&self, count: u32) -> Result<(), RpcError> {
        (0..count).try_for_each(|_| self.0.keep(Batch::new()))
    }
}
fn feeder(to: Proxy<dyn Keep>) -> Result<Feeder, RpcError> {
    Ok(Feeder(to))
}

#[test]
fn two_domains_do_not_take_all_groups() {
    let _alone = alone();
    let keep: Domain<dyn Keep> = host()
        .spawn(DomainSpec::new("keep"), keeper, Mint::nothing())
        .unwrap();
    let of = keep.clone();
    let feed: Domain<dyn Feed> = host()
        .spawn(
            DomainSpec::new("feed"),
            feeder,
            Mint::fallible(move || of.proxy()),
        )
        .unwrap();
    feed.proxy()
        .unwrap()
        .feed(2 * group::GROUPS as u32)
        .unwrap();
    let left: Vec<_> = std::iter::from_fn(group::open).collect();
    println!("{} groups left", left.len());
    let count = left.len();
    for group in left {
        // SAFETY: without members.
        unsafe { group::close(group) };
    }
    keep.kill();
    feed.kill();
    assert!(
        count >= group::GROUPS / 2 - 2 * group::SHARE,
        "{count} left for all others"
    );
}
