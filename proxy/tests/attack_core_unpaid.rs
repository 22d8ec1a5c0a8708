//! Attack: what the host keeps for a domain, against what the domain pays of its `host_quota`.

use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
use samara_host_std::DomainAlloc;
use samara_proxy::{Export, Proxy, RpcError, Shadow, interface};
use samara_shared_heap::{Owner, heap};
use samara_testkit::hosted::{Counted, alone, host};
use std::sync::Mutex;
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<Counted> = DomainAlloc::new(Counted);

#[interface]
trait Store {
    #[replay]
    fn open(&self) -> Result<Proxy<dyn Store>, RpcError>;
    #[replay]
    fn set(&self, to: u8) -> Result<(), RpcError>;
}
struct Stored;
impl Store for Stored {
    fn open(&self) -> Result<Proxy<dyn Store>, RpcError> {
        Proxy::export(Self).map_err(|(error, _)| error.into())
    }
    fn set(&self, _: u8) -> Result<(), RpcError> {
        Ok(())
    }
}
fn stored((): ()) -> Result<Stored, RpcError> {
    Ok(Stored)
}
#[interface]
trait Opener {
    fn open(&self, sets: u32) -> Result<u32, RpcError>;
}
struct Opening(Shadow<dyn Store>, Mutex<Vec<Proxy<dyn Store>>>);
impl Opener for Opening {
    fn open(&self, sets: u32) -> Result<u32, RpcError> {
        let mut kept = self.1.lock().unwrap();
        while let Ok(object) = self.0.open() {
            for _ in 0..sets {
                if object.set(1).is_err() {
                    break;
                }
            }
            kept.push(object);
        }
        Ok(kept.len() as u32)
    }
}
fn opening(store: Shadow<dyn Store>) -> Result<Opening, RpcError> {
    Ok(Opening(store, Mutex::default()))
}

fn measure(name: &str, sets: u32) -> (usize, usize) {
    const QUOTA: usize = 64 << 10;
    let store: Domain<dyn Store> = host()
        .spawn(DomainSpec::new("store"), stored, Mint::nothing())
        .unwrap();
    let of = store.clone();
    let mint = Mint::fallible(move || of.shadow());
    let spec = DomainSpec::new(name).host_quota(QUOTA);
    let opener: Domain<dyn Opener> = host().spawn(spec, opening, mint).unwrap();
    let proxy = opener.proxy().unwrap();
    let (bytes, slots) = (Counted::bytes(), heap::census(Owner::HOST).bytes);
    let opened = proxy.open(sets).unwrap();
    let heap = Counted::bytes() - bytes;
    let slots = heap::census(Owner::HOST).bytes - slots;
    let paid = opener.info().host_bytes;
    println!(
        "{opened} objects with {sets} records each: {heap} bytes on the host's heap, {slots} in its slots; paid {paid}"
    );
    opener.kill();
    store.kill();
    (heap + slots, paid)
}

#[test]
fn the_host_keeps_no_more_than_is_paid_for() {
    let _alone = alone();
    let got = [
        measure("a", 0),
        measure("b", 1),
        measure("c", 5),
        measure("d", 16),
    ];
    for (kept, paid) in got {
        assert!(kept <= paid, "{kept} bytes kept, {paid} paid");
    }
}

#[interface]
trait Giver {
    fn give(&self, count: u32) -> Result<u32, RpcError>;
}
struct Giving(Shadow<dyn Store>, Proxy<dyn Keeper>);
impl Giver for Giving {
    fn give(&self, count: u32) -> Result<u32, RpcError> {
        for done in 0..count {
            let Ok(object) = self.0.open() else {
                return Ok(done);
            };
            self.1.keep(object)?;
        }
        Ok(count)
    }
}
fn giving((store, keeper): (Shadow<dyn Store>, Proxy<dyn Keeper>)) -> Result<Giving, RpcError> {
    Ok(Giving(store, keeper))
}
#[interface]
trait Keeper {
    fn keep(&self, object: Proxy<dyn Store>) -> Result<(), RpcError>;
}
struct Keeping(Mutex<Vec<Proxy<dyn Store>>>);
impl Keeper for Keeping {
    fn keep(&self, object: Proxy<dyn Store>) -> Result<(), RpcError> {
        self.0.lock().unwrap().push(object);
        Ok(())
    }
}
fn keeping((): ()) -> Result<Keeping, RpcError> {
    Ok(Keeping(Mutex::default()))
}

/// As `attack_unpaid`, with the host's own slots counted.
#[test]
fn what_is_left_of_an_object_is_less_than_its_holders_slot() {
    let _alone = alone();
    let store: Domain<dyn Store> = host()
        .spawn(DomainSpec::new("store2"), stored, Mint::nothing())
        .unwrap();
    let keeper: Domain<dyn Keeper> = host()
        .spawn(DomainSpec::new("keeper"), keeping, Mint::nothing())
        .unwrap();
    let (s, k) = (store.clone(), keeper.clone());
    let mint = Mint::of(move || (s.shadow().unwrap(), k.proxy().unwrap()));
    let restart = Restart::limited(1000, Duration::from_secs(3600));
    let spec = DomainSpec::new("opener").restart(restart);
    let opener: Domain<dyn Giver> = host().spawn(spec, giving, mint).unwrap();
    let (bytes, slots) = (Counted::bytes(), heap::census(Owner::HOST).bytes);
    let held = keeper.info().shared_bytes;
    let mut opened = 0;
    for _ in 0..20 {
        opened += opener.proxy().unwrap().give(1000).unwrap() as usize;
        opener.restart().unwrap();
        host().reap();
    }
    let left = Counted::bytes().saturating_sub(bytes) + heap::census(Owner::HOST).bytes - slots;
    let held = keeper.info().shared_bytes - held;
    println!(
        "{opened} objects: {} bytes left of each, its holder pays {}",
        left / opened,
        held / opened
    );
    for domain in [opener.kill(), keeper.kill(), store.kill()] {
        assert!(domain)
    }
    assert!(left <= held, "{left} bytes, {held} paid");
}
