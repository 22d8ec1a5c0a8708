//! Attack: what the host keeps of an opened object outlives who pays for it: an accomplice has the proxy.

use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
use samara_host_std::DomainAlloc;
use samara_proxy::{Export, Proxy, RpcError, Shadow, interface};
use samara_testkit::hosted::{Counted, alone, host};
use std::sync::Mutex;
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<Counted> = DomainAlloc::new(Counted);

#[interface]
trait Store {
    #[replay]
    fn open(&self) -> Result<Proxy<dyn Store>, RpcError>;
}
struct Stored;
impl Store for Stored {
    fn open(&self) -> Result<Proxy<dyn Store>, RpcError> {
        Proxy::export(Self).map_err(|(error, _)| error.into())
    }
}
fn stored((): ()) -> Result<Stored, RpcError> {
    Ok(Stored)
}
#[interface]
trait Opener {
    fn open(&self, count: u32) -> Result<u32, RpcError>;
}
struct Opening(Shadow<dyn Store>, Proxy<dyn Keeper>);
impl Opener for Opening {
    fn open(&self, count: u32) -> Result<u32, RpcError> {
        for done in 0..count {
            let Ok(object) = self.0.open() else {
                return Ok(done);
            };
            self.1.keep(object)?;
        }
        Ok(count)
    }
}
fn opening((store, keeper): (Shadow<dyn Store>, Proxy<dyn Keeper>)) -> Result<Opening, RpcError> {
    Ok(Opening(store, keeper))
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

#[test]
fn what_is_kept_of_an_object_is_paid_for_as_long_as_it_is_kept() {
    let _alone = alone();
    let store: Domain<dyn Store> = host()
        .spawn(DomainSpec::new("store"), stored, Mint::nothing())
        .unwrap();
    let keeper: Domain<dyn Keeper> = host()
        .spawn(
            DomainSpec::new("keeper").host_quota(4096),
            keeping,
            Mint::nothing(),
        )
        .unwrap();
    let (s, k) = (store.clone(), keeper.clone());
    let mint = Mint::of(move || (s.shadow().unwrap(), k.proxy().unwrap()));
    let restart = Restart::limited(1000, Duration::from_secs(3600));
    let opener: Domain<dyn Opener> = host()
        .spawn(
            DomainSpec::new("opener")
                .host_quota(64 << 10)
                .restart(restart),
            opening,
            mint,
        )
        .unwrap();
    let before = Counted::bytes();
    let mut opened = 0;
    for _ in 0..20 {
        opened += opener.proxy().unwrap().open(1000).unwrap();
        opener.restart().unwrap();
        host().reap();
    }
    let grown = Counted::bytes().saturating_sub(before);
    let paid = opener.info().host_bytes + keeper.info().host_bytes;
    // Each of what it was handed lies in a slot that the keeper pays for.
    let slots = keeper.info().shared_bytes;
    println!("{opened} objects; the host's heap grew by {grown} bytes, {paid} are paid for");
    for domain in [opener.kill(), keeper.kill(), store.kill()] {
        assert!(domain)
    }
    assert!(grown < (64 << 10) + 4096 + 4096 + slots);
}
