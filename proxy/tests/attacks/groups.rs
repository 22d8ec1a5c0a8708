//! Attack: a domain that has its share of groups hands them on and opens more. Two domains once took all groups in
//! this way, and so did one service whose dead generations kept their slots. And a domain was once charged for the
//! groups of the domain that had its slot before.

#![expect(unsafe_code, reason = "closes groups without members")]
use samara_domain_runtime::threads::api as own_thread;
use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, RpcError, interface};
use samara_rref::RRefDeque;
use samara_shared_heap::group;
use samara_testkit::hosted::{alone, await_reclaims, host, spawn_in, wait_until};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

/// The number that a domain asks for when it wants all groups.
const ALL: u32 = 2 * group::GROUPS as u32;

/// Opens groups for the running domain until one is refused, and closes them again. Returns their number.
fn given() -> usize {
    let groups: Vec<_> = std::iter::from_fn(group::open).collect();
    let count = groups.len();
    for group in groups {
        // SAFETY: the group was opened here and has no members.
        unsafe { group::close(group) };
    }
    count
}

type Batch = RRefDeque<u64, 2>;
#[interface]
trait Keep {
    fn keep(&self, batch: Batch) -> Result<(), RpcError>;
    fn wait(&self) -> Result<(), RpcError>;
}
static INSIDE: AtomicUsize = AtomicUsize::new(0);
static OVER: AtomicBool = AtomicBool::new(false);
struct Keeper(Mutex<Vec<Batch>>);
impl Keep for Keeper {
    fn keep(&self, batch: Batch) -> Result<(), RpcError> {
        self.0.lock().unwrap().push(batch);
        Ok(())
    }
    fn wait(&self) -> Result<(), RpcError> {
        INSIDE.fetch_add(1, SeqCst);
        while !OVER.load(SeqCst) {
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }
}
fn keeper() -> Domain<dyn Keep> {
    let init = |()| Ok::<_, RpcError>(Keeper(Mutex::default()));
    let spec = DomainSpec::new("keep");
    host().spawn(spec, init, Mint::nothing()).unwrap()
}

#[interface]
trait Feed {
    fn feed(&self, count: u32) -> Result<(), RpcError>;
    fn given(&self) -> Result<u32, RpcError>;
}
struct Feeder(Proxy<dyn Keep>);
impl Feed for Feeder {
    fn feed(&self, count: u32) -> Result<(), RpcError> {
        (0..count).try_for_each(|_| self.0.keep(Batch::new()))
    }
    fn given(&self) -> Result<u32, RpcError> {
        Ok(given() as u32)
    }
}
type Init = fn(Proxy<dyn Keep>) -> Result<Feeder, RpcError>;
fn feeder(to: Proxy<dyn Keep>) -> Result<Feeder, RpcError> {
    Ok(Feeder(to))
}
fn client(spec: DomainSpec, init: Init, of: &Domain<dyn Keep>) -> Domain<dyn Feed> {
    let of = of.clone();
    let mint = Mint::fallible(move || of.proxy());
    host().spawn(spec, init, mint).unwrap()
}
fn feed(domain: &Domain<dyn Feed>) {
    assert_eq!(domain.proxy().unwrap().feed(ALL), Ok(()));
}

/// Invariant: HEAP-16
#[test]
fn two_domains_do_not_take_all_groups() {
    let _alone = alone();
    let keep = keeper();
    let greedy = client(DomainSpec::new("feed"), feeder, &keep);
    feed(&greedy);
    let left = given();
    keep.kill();
    greedy.kill();
    assert!(left >= group::GROUPS / 2 - 2 * group::SHARE, "{left} left");
}

/// Invariant: HEAP-14
#[test]
fn next_domain_in_a_slot_has_its_share_of_groups() {
    let _alone = alone();
    let keep = keeper();
    let client = |name: &str| client(DomainSpec::new(name), feeder, &keep);
    let greedy = client("greedy");
    feed(&greedy);
    let slot = greedy.info().id;
    assert!(greedy.kill());
    let _released = await_reclaims("greedy", 1);
    let victim = spawn_in(slot, || client("victim"));
    let given = victim.proxy().unwrap().given();
    victim.kill();
    keep.kill();
    assert_eq!(given, Ok(group::SHARE as u32));
}

/// Starts a feeder that has a thread inside the keeper. When the feeder dies, that thread stays inside the keeper, so
/// the feeder's slot stays taken.
fn lagging(to: Proxy<dyn Keep>) -> Result<Feeder, RpcError> {
    let before = INSIDE.load(SeqCst);
    let other = to.try_clone()?;
    let wait = move || {
        let _ = other.wait();
    };
    own_thread::spawn(wait).map_err(|_| RpcError::OutOfMemory)?;
    while INSIDE.load(SeqCst) == before {
        std::thread::yield_now();
    }
    Ok(Feeder(to))
}

/// Invariant: HEAP-16
#[test]
fn dead_generations_do_not_take_all_groups() {
    let _alone = alone();
    let keep = keeper();
    let spec = DomainSpec::new("lagging")
        .restart(Restart::limited(100, Duration::from_secs(3600)))
        .drain_timeout(Duration::from_millis(10));
    let greedy = client(spec, lagging, &keep);
    let mut generations = 0;
    while {
        feed(&greedy);
        generations += 1;
        greedy.kill();
        greedy.restart().is_ok()
    } {}
    let left = given();
    OVER.store(true, SeqCst);
    keep.kill();
    wait_until("the end", || {
        host().reap();
        host().domains().all(|info| info.name.as_str() != "lagging")
    });
    assert!(generations > 1);
    assert!(left >= group::GROUPS / 2 - 2 * group::SHARE, "{left} left");
}
