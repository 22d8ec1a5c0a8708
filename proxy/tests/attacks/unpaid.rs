//! Attack: compares the memory that the host keeps for opened objects with the charges of the domains. The host
//! charges the memory against the `host_quota` of the domain that opens an object, and after that domain's end to the
//! holders of the proxies.

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
trait Keeper {
    fn keep(&self, object: Proxy<dyn Store>) -> Result<(), RpcError>;
}
#[derive(Default)]
struct Keeping(Mutex<Vec<Proxy<dyn Store>>>);
impl Keeper for Keeping {
    fn keep(&self, object: Proxy<dyn Store>) -> Result<(), RpcError> {
        self.0.lock().unwrap().push(object);
        Ok(())
    }
}
fn keeping((): ()) -> Result<Keeping, RpcError> {
    Ok(Keeping::default())
}

#[interface]
trait Opener {
    /// Opens as many objects as it may, makes `sets` recorded calls on each, and hands them on. Returns how
    /// many it opened.
    fn open(&self, sets: u32) -> Result<u32, RpcError>;
}
struct Opening(Shadow<dyn Store>, Proxy<dyn Keeper>);
impl Opener for Opening {
    fn open(&self, sets: u32) -> Result<u32, RpcError> {
        let mut opened = 0;
        while let Ok(object) = self.0.open() {
            let _full = (0..sets).try_for_each(|_| object.set(1));
            self.1.keep(object)?;
            opened += 1;
        }
        Ok(opened)
    }
}
fn opening((store, keeper): (Shadow<dyn Store>, Proxy<dyn Keeper>)) -> Result<Opening, RpcError> {
    Ok(Opening(store, keeper))
}

struct Three {
    store: Domain<dyn Store>,
    keeper: Domain<dyn Keeper>,
    opener: Domain<dyn Opener>,
}

impl Three {
    fn spawn() -> Self {
        let spec = DomainSpec::new;
        let nothing = Mint::nothing;
        let store: Domain<dyn Store> = host().spawn(spec("store"), stored, nothing()).unwrap();
        let keeper: Domain<dyn Keeper> = host().spawn(spec("keeper"), keeping, nothing()).unwrap();
        let (s, k) = (store.clone(), keeper.clone());
        let mint = Mint::of(move || (s.shadow().unwrap(), k.proxy().unwrap()));
        let restart = Restart::limited(1000, Duration::from_secs(3600));
        let spec = spec("opener").host_quota(64 << 10).restart(restart);
        let opener = host().spawn(spec, opening, mint).unwrap();
        Self {
            store,
            keeper,
            opener,
        }
    }

    fn open(&self, sets: u32) -> u32 {
        self.opener.proxy().unwrap().open(sets).unwrap()
    }

    fn end(&self) {
        assert!(self.opener.kill() && self.keeper.kill() && self.store.kill());
    }
}

/// Returns the host's bytes, on its heap and in slots.
fn host_bytes_in_use() -> usize {
    Counted::bytes() + heap::census(Owner::HOST).bytes
}

/// Invariant: HEAP-11
#[test]
fn the_host_keeps_no_more_than_is_paid_for() {
    let _alone = alone();
    for sets in [0, 1, 2, 5, 16] {
        let all = Three::spawn();
        let before = host_bytes_in_use();
        let opened = all.open(sets);
        let used = host_bytes_in_use() - before;
        let paid = all.opener.info().host_bytes;
        all.end();
        assert!(opened > 0);
        assert!(
            used <= paid,
            "{sets} records: {used} bytes kept, {paid} charged"
        );
    }
}

/// The opener ends again and again. The holder of the proxies is charged for their slots.
///
/// Invariant: HEAP-13
#[test]
fn objects_without_opener_are_paid_by_their_holder() {
    let _alone = alone();
    let all = Three::spawn();
    let held = || all.keeper.info().shared_bytes;
    let before = (host_bytes_in_use(), held());
    let mut opened = 0;
    for _ in 0..20 {
        opened += all.open(1);
        all.opener.restart().unwrap();
        host().reap();
    }
    let used = host_bytes_in_use() - before.0;
    let paid = held() - before.1;
    all.end();
    assert!(opened > 1000);
    assert!(used <= paid, "{used} bytes kept, {paid} charged");
}
