//! The quota of shared objects, as a domain sees it.

use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart, SpawnError};
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
    /// Makes objects of 64 bytes until the quota refuses one. Returns how many it made, and whether the refusal
    /// gave the value back.
    fn fill(&self) -> Result<(usize, bool), RpcError>;
    fn give(&self, many: usize) -> Result<RRef<[RRef<[u8; 64]>]>, RpcError>;
    fn take(&self, objects: RRef<[RRef<[u8; 64]>]>) -> Result<(), RpcError>;
    fn make_beyond(&self) -> Result<(), RpcError>;
    fn clone_beyond(&self, proxy: &RRef<Proxy<dyn Maker>>) -> Result<(), RpcError>;
    /// Makes a page for the caller.
    fn page(&self) -> Result<Page, RpcError>;
    /// Returns the length of a scratch buffer. A shadow makes the buffer anew when it repeats the call.
    #[idempotent]
    fn page_of(&self, #[scratch] bytes: RRef<[u8]>) -> Result<usize, RpcError>;
    fn keep(&self, page: Page) -> Result<usize, RpcError>;
    /// Keeps `many` pages that `other` makes.
    fn fetch(&self, other: &RRef<Proxy<dyn Maker>>, many: usize) -> Result<(), RpcError>;
    /// Moves a page of its own to `other`.
    fn pass_on(&self, other: &RRef<Proxy<dyn Maker>>) -> Result<usize, RpcError>;
    /// Moves a kept page to this same domain, in a call through `own`. Returns how many pages the domain keeps.
    fn keep_own(&self, own: &RRef<Proxy<dyn Maker>>) -> Result<usize, RpcError>;
}

type Page = RRef<[u8; 4 * KIB]>;

type Small = RRef<[u8; 64]>;

#[derive(Default)]
struct Objects(
    Mutex<Vec<Small>>,
    Mutex<Vec<RRef<[Small]>>>,
    Mutex<Vec<Page>>,
);

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
        // Two objects are dropped to make room for the list, because the objects that are given away still count
        // until the call returns.
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
    fn page(&self) -> Result<Page, RpcError> {
        Ok(RRef::try_new([1; 4 * KIB]).map_err(|(error, _)| error)?)
    }
    fn page_of(&self, bytes: RRef<[u8]>) -> Result<usize, RpcError> {
        Ok(bytes.len())
    }
    fn keep(&self, page: Page) -> Result<usize, RpcError> {
        let mut pages = self.2.lock().unwrap();
        pages.push(page);
        Ok(pages.len())
    }
    fn fetch(&self, other: &RRef<Proxy<dyn Maker>>, many: usize) -> Result<(), RpcError> {
        for _ in 0..many {
            self.keep(other.page()?)?;
        }
        Ok(())
    }
    fn pass_on(&self, other: &RRef<Proxy<dyn Maker>>) -> Result<usize, RpcError> {
        other.keep(self.page()?)
    }
    fn keep_own(&self, own: &RRef<Proxy<dyn Maker>>) -> Result<usize, RpcError> {
        let page = self.2.lock().unwrap().pop();
        own.keep(page.ok_or(RpcError::Dead)?)
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
fn a_domain_gets_its_quota_to_the_byte() {
    let (domain, proxy) = spawn("exact");
    let own = heap::census(owner_of(&domain)).bytes;
    let (made, back) = proxy.fill().unwrap();
    assert_eq!((made, back), ((64 * KIB - own) / 64, true));
    assert_eq!(proxy.fill(), Ok((0, true)));
    domain.kill();
}

/// Invariant: HEAP-9
#[test]
fn objects_moved_out_give_room_and_moved_in_take_it() {
    let (domain, proxy) = spawn("handed");
    let (made, _) = proxy.fill().unwrap();
    let given = proxy.give(10).unwrap();
    // The host has ten objects now. Two more were dropped to make room for the list, which the host has, too.
    assert_eq!(proxy.fill(), Ok((12, true)));
    proxy.take(given).unwrap();
    assert_eq!(proxy.fill(), Ok((0, true)));
    let bytes = heap::census(owner_of(&domain)).bytes;
    assert!(
        bytes > 64 * KIB && made > 10,
        "the objects that it was given put it over its quota"
    );
    domain.kill();
}

#[test]
fn infallible_constructors_over_quota_end_the_domain() {
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

/// Moves pages to a limited domain until it has twice its quota. Returns how many it took.
fn stuff(proxy: &Proxy<dyn Maker>) -> usize {
    let page = || RRef::new([2_u8; 4 * KIB]);
    let taken = (0..100).take_while(|_| proxy.keep(page()).is_ok()).count();
    assert_eq!(proxy.keep(page()), Err(RpcError::OverQuota));
    taken
}

/// Invariant: HEAP-37
#[test]
fn arguments_refused_by_a_quota_stay_the_callers() {
    let (domain, proxy) = spawn("stuffed");
    let owner = owner_of(&domain);
    let taken = stuff(&proxy);
    let held = heap::census(owner);
    assert!(
        (31..=32).contains(&taken),
        "{taken}: twice 64 KiB, less what it has"
    );
    assert!(held.bytes <= 2 * 64 * KIB);
    // The refused argument never belonged to the receiver, and is dropped on behalf of the giver.
    let (giver, giving) = spawn("giver");
    let lent = RRef::new(proxy.try_clone().unwrap());
    let before = heap::census(owner_of(&giver));
    assert_eq!(giving.pass_on(&lent), Err(RpcError::OverQuota));
    assert_eq!(heap::census(owner_of(&giver)), before);
    assert_eq!(heap::census(owner), held);
    assert!(quota::refused(owner).transfers >= 2);
    // None of this is a crash. A call that moves nothing, or that moves objects only within the domain, is not
    // checked.
    assert_eq!(
        (domain.service().current().is_alive(), domain.exit_reason()),
        (true, None)
    );
    assert_eq!(proxy.fill(), Ok((0, true)));
    let own = RRef::new(proxy.try_clone().unwrap());
    assert_eq!(proxy.keep_own(&own), Ok(taken));
    assert!(domain.kill() && giver.kill());
}

/// Invariant: HEAP-37
#[test]
fn full_receiver_is_neither_retried_nor_restarted() {
    let (domain, proxy) = spawn("full");
    stuff(&proxy);
    let before = domain.info().calls;
    let shadow = domain.shadow().unwrap();
    let page = RRef::new([3_u8; 4 * KIB]);
    assert_eq!(shadow.keep(page), Err(RpcError::OverQuota));
    let scratch = RRef::new_zeroed_slice(4 * KIB).unwrap();
    assert_eq!(shadow.page_of(scratch), Err(RpcError::OverQuota));
    assert_eq!(domain.info().calls, before + 2, "one entry for each call");
    assert_eq!(
        (domain.restarts(), domain.service().current().is_alive()),
        (0, true)
    );
    domain.kill();
}

/// Invariant: HEAP-37
#[test]
fn results_are_refused_far_over_quota_too() {
    let (domain, proxy) = spawn("hoarder");
    // The maker has a quota of its own, but the pages that it makes belong to its caller at once.
    let (maker, others) = spawn("accomplice");
    let lent = RRef::new(others);
    assert_eq!(proxy.fetch(&lent, 1000), Err(RpcError::OverQuota));
    let held = heap::census(owner_of(&domain)).bytes;
    // The domain may have twice its quota, and the result of one more call.
    assert!(held <= (128 + 4) * KIB, "{held}");
    // A call whose result brings no object of another domain is not refused, and the caller lives.
    let own = RRef::new(domain.proxy().unwrap());
    assert!(proxy.keep_own(&own).unwrap() > 16);
    assert_eq!(lent.page_of(RRef::from_slice(&[1; 8])), Ok(8));
    assert!(domain.kill() && maker.kill());
}

/// Invariant: HEAP-37
#[test]
fn results_count_against_what_a_domain_may_allocate() {
    let (domain, proxy) = spawn("fetcher");
    let maker: Domain<dyn Maker> = host()
        .spawn(DomainSpec::new("maker"), init, Mint::nothing())
        .unwrap();
    let lent = RRef::new(maker.proxy().unwrap());
    // The first call makes the host count the domain's objects, so that the domain has credit. The results of the
    // next calls must reduce this credit.
    drop(proxy.page().unwrap());
    proxy.fetch(&lent, 8).unwrap();
    proxy.fill().unwrap();
    let bytes = heap::census(owner_of(&domain)).bytes;
    assert!(bytes > 63 * KIB && bytes <= 64 * KIB, "{bytes}");
    assert!(domain.kill() && maker.kill());
}

/// Invariant: HEAP-37
#[test]
fn init_arguments_beyond_twice_the_quota_fail() {
    let init = |_: RRef<[u8]>| Ok::<_, RpcError>(Objects::default());
    let spec = DomainSpec::new("laden").shared_quota(KIB);
    let mint = Mint::fallible(|| RRef::<[u8]>::new_zeroed_slice(4 * KIB));
    let spawned: Result<Domain<dyn Maker>, _> = host().spawn(spec, init, mint);
    let Err(SpawnError::Init(reason)) = spawned else {
        panic!("four times the quota");
    };
    assert_eq!(reason.message.as_str(), "no quota for init's arguments");
}

#[test]
fn a_domain_gets_its_quota_of_objects() {
    let spec = DomainSpec::new("counted").shared_objects(10);
    let domain: Domain<dyn Maker> = host().spawn(spec, init, Mint::nothing()).unwrap();
    let own = heap::census(owner_of(&domain)).objects;
    assert_eq!(domain.proxy().unwrap().fill(), Ok((10 - own, true)));
    domain.kill();
}
