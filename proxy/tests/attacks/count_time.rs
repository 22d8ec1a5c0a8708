//! Attack: the host counts the objects of a domain at its quota, and of a callee that is handed an object. The count
//! looks at all objects of all domains, so a third domain with very many objects decides how long it takes. The
//! domain that caused the count once paid for all of it and overran its budget.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]
#![expect(
    unsafe_code,
    reason = "drives the heap below its safe types, and asks in a signal handler"
)]

#[path = "../fixtures/ticks.rs"]
mod ticks;

use samara_domain_runtime::contain::{Payer, payer};
use samara_domain_runtime::{Domain, DomainSpec, Mint};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, RpcError, interface};
use samara_rref::RRef;
use samara_shared_heap::{Owner, class, heap};
use samara_testkit::hosted::{acting_for, alone, host};
use std::sync::Mutex;
use ticks::Ticks;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

/// The number of objects that a third domain has.
const HOARD: usize = 1_000_000;

#[interface]
trait Limited {
    /// Causes counts of its objects, one after the other, by allocations at its quota.
    fn ask(&self, times: u32) -> Result<(), RpcError>;
    fn take(&self, object: RRef<u64>) -> Result<(), RpcError>;
}
#[derive(Default)]
struct Full(Mutex<Vec<RRef<u64>>>);
impl Limited for Full {
    fn ask(&self, times: u32) -> Result<(), RpcError> {
        for _ in 0..times {
            let _ = RRef::try_new([0_u8; 64]);
        }
        Ok(())
    }
    fn take(&self, object: RRef<u64>) -> Result<(), RpcError> {
        self.0.lock().map_err(|_| RpcError::Crashed)?.push(object);
        Ok(())
    }
}

fn full() -> Domain<dyn Limited> {
    let init = |()| Ok::<_, RpcError>(Full::default());
    let domain: Domain<dyn Limited> = host()
        .spawn(
            DomainSpec::new("full").shared_objects(1),
            init,
            Mint::nothing(),
        )
        .unwrap();
    // After this loop the domain has twice its limit. No more objects can be moved to it, and it may allocate none.
    let proxy = domain.proxy().unwrap();
    while proxy.take(RRef::new(1)).is_ok() {}
    domain
}

#[interface]
trait Caller {
    /// Offers objects to the limited domain, which the host refuses.
    fn offer(&self, times: u32) -> Result<(), RpcError>;
}
struct Calling(Proxy<dyn Limited>);
impl Caller for Calling {
    fn offer(&self, times: u32) -> Result<(), RpcError> {
        for _ in 0..times {
            let _ = self.0.take(RRef::new(1));
        }
        Ok(())
    }
}

fn caller(of: &Domain<dyn Limited>) -> Domain<dyn Caller> {
    let of = of.clone();
    let init = |of| Ok::<_, RpcError>(Calling(of));
    let mint = Mint::fallible(move || of.proxy());
    let spec = DomainSpec::new("caller");
    host().spawn(spec, init, mint).unwrap()
}

/// Runs `body` while another owner has very many objects.
fn beside(body: impl FnOnce()) {
    let _alone = alone();
    let owner = Owner::from_index(200).unwrap();
    let place = class::place(16, 1);
    // SAFETY: `place` is of this size and alignment. No address is kept, and the slots go with their owner.
    let hoard = || (0..HOARD).for_each(|_| _ = unsafe { heap::alloc(place, 16, 1) }.unwrap());
    // SAFETY: `hoard` only allocates, and nothing uses the objects.
    unsafe { acting_for(owner, hoard) };
    body();
    host().reap();
    // SAFETY: nothing uses the objects.
    unsafe { heap::reclaim(owner) };
    heap::trim();
}

/// The question that each tick asks: would the time of this tick be charged to a domain?
fn charged() -> bool {
    matches!(payer(), Payer::Domain(_))
}

const ENOUGH: u64 = 100;

/// Asserts that fewer than a quarter of the ticks would be charged to a domain.
fn assert_small_share(ticks: Ticks) {
    assert!(ticks.found * 4 < ticks.looks, "{ticks:?}");
}

/// Invariant: DEV-7
#[test]
fn counted_domain_pays_a_small_share() {
    beside(|| {
        let domain = full();
        let proxy = domain.proxy().unwrap();
        let ask = || || proxy.ask(20).unwrap();
        let ticks = ticks::of_rounds(charged, ENOUGH, ask);
        domain.kill();
        assert_small_share(ticks);
    });
}

/// Invariant: DEV-7
#[test]
fn caller_of_full_callee_pays_a_small_share() {
    beside(|| {
        let domain = full();
        let caller = caller(&domain);
        let proxy = caller.proxy().unwrap();
        let offer = || || proxy.offer(20).unwrap();
        let ticks = ticks::of_rounds(charged, ENOUGH, offer);
        caller.kill();
        domain.kill();
        assert_small_share(ticks);
    });
}
