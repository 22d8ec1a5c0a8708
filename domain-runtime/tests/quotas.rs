//! The quota of shared objects, as a domain meets it.

use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, RpcError, interface};
use samara_rref::{AllocError, RRef};
use samara_shared_heap::{heap, quota};
use samara_testkit::hosted::{host, owner_of};
use std::sync::Mutex;
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

const KIB: usize = 1 << 10;

#[interface]
trait Maker {
    /// Makes objects of 64 bytes until it may not; how many, and whether the value came back.
    fn fill(&self) -> Result<(usize, bool), RpcError>;
    fn give(&self, many: usize) -> Result<RRef<[RRef<[u8; 64]>]>, RpcError>;
    fn take(&self, objects: RRef<[RRef<[u8; 64]>]>) -> Result<(), RpcError>;
    fn make_beyond(&self) -> Result<(), RpcError>;
    fn clone_beyond(&self, proxy: &RRef<Proxy<dyn Maker>>) -> Result<(), RpcError>;
}

type Small = RRef<[u8; 64]>;

#[derive(Default)]
struct Objects(Mutex<Vec<Small>>, Mutex<Vec<RRef<[Small]>>>);

impl Maker for Objects {
    fn fill(&self) -> Result<(usize, bool), RpcError> {
        let mut objects = self.0.lock().unwrap();
        let before = objects.len();
        loop {
            match RRef::try_new([7_u8; 64]) {
                Ok(object) => objects.push(object),
                Err((AllocError::Quota, value)) => {
                    return Ok((objects.len() - before, value == [7; 64]));
                }
                Err((error, _)) => return Err(error.into()),
            }
        }
    }
    fn give(&self, many: usize) -> Result<RRef<[RRef<[u8; 64]>]>, RpcError> {
        let mut objects = self.0.lock().unwrap();
        let at = objects.len() - many;
        let mut given = objects.split_off(at).into_iter();
        // The list itself needs room too: of what was just given up there is none yet.
        drop(objects.pop());
        drop(objects.pop());
        Ok(RRef::try_from_fn(many, |_| given.next().unwrap())?)
    }
    fn take(&self, objects: RRef<[RRef<[u8; 64]>]>) -> Result<(), RpcError> {
        self.1.lock().unwrap().push(objects);
        Ok(())
    }
    fn make_beyond(&self) -> Result<(), RpcError> {
        self.fill()?;
        drop(RRef::new([1_u8; 64]));
        Ok(())
    }
    fn clone_beyond(&self, proxy: &RRef<Proxy<dyn Maker>>) -> Result<(), RpcError> {
        self.fill()?;
        proxy.try_clone()?;
        Ok(())
    }
}

fn init((): ()) -> Result<Objects, RpcError> {
    Ok(Objects::default())
}

fn spawn(name: &str) -> (Domain<dyn Maker>, Proxy<dyn Maker>) {
    let spec = DomainSpec::new(name)
        .shared_quota(64 * KIB)
        .restart(Restart::limited(5, Duration::from_secs(3600)));
    let domain: Domain<dyn Maker> = host().spawn(spec, init, Mint::nothing()).unwrap();
    let proxy = domain.proxy().unwrap();
    (domain, proxy)
}

#[test]
fn a_domain_gets_its_quota_to_the_byte_and_the_value_back() {
    let (domain, proxy) = spawn("exact");
    let own = heap::census(owner_of(&domain)).bytes;
    let (made, back) = proxy.fill().unwrap();
    assert_eq!((made, back), ((64 * KIB - own) / 64, true));
    assert_eq!(proxy.fill(), Ok((0, true)));
    domain.kill();
}

#[test]
fn objects_handed_away_give_room_and_those_handed_in_take_it() {
    let (domain, proxy) = spawn("handed");
    let (made, _) = proxy.fill().unwrap();
    let given = proxy.give(10).unwrap();
    // Ten are the host's now, and two made room for the list, which is the host's too.
    assert_eq!(proxy.fill(), Ok((12, true)));
    proxy.take(given).unwrap();
    assert_eq!(proxy.fill(), Ok((0, true)));
    let bytes = heap::census(owner_of(&domain)).bytes;
    assert!(
        bytes > 64 * KIB && made > 10,
        "beyond it by no doing of its own"
    );
    domain.kill();
}

#[test]
fn infallible_constructors_beyond_the_quota_end_the_domain() {
    let (domain, proxy) = spawn("beyond");
    assert_eq!(proxy.make_beyond(), Err(RpcError::Crashed));
    // A new generation has the whole quota again.
    domain.restart().unwrap();
    assert!(domain.proxy().unwrap().fill().unwrap().0 > 900);
    let owner = owner_of(&domain);
    assert_eq!(quota::limit(owner), Some(64 * KIB));
    domain.kill();
}

#[test]
fn capabilities_count_too() {
    let (domain, proxy) = spawn("capability");
    let lent = RRef::new(proxy.try_clone().unwrap());
    assert_eq!(proxy.clone_beyond(&lent), Err(RpcError::OutOfMemory));
    domain.kill();
}
