//! Attack: groups that a dead domain has opened, and handed on, count as those of whoever has its slot next.

#![expect(unsafe_code, reason = "closes groups without members")]
use samara_domain_runtime::threads::api as own_thread;
use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, RpcError, interface};
use samara_rref::RRefDeque;
use samara_shared_heap::group;
use samara_testkit::hosted::{alone, host, reclaims, wait_until};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

static INSIDE: AtomicUsize = AtomicUsize::new(0);
static OVER: AtomicBool = AtomicBool::new(false);

type Batch = RRefDeque<u64, 2>;
#[interface]
trait Keep {
    fn wait(&self) -> Result<(), RpcError>;
    fn keep(&self, batch: Batch) -> Result<(), RpcError>;
}
struct Keeper(Mutex<Vec<Batch>>);
impl Keep for Keeper {
    fn wait(&self) -> Result<(), RpcError> {
        INSIDE.fetch_add(1, SeqCst);
        while !OVER.load(SeqCst) {
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }
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
    /// How many groups it is given.
    fn groups(&self) -> Result<u32, RpcError>;
}
struct Feeder(Proxy<dyn Keep>);
impl Feed for Feeder {
    fn feed(&self, count: u32) -> Result<(), RpcError> {
        (0..count).try_for_each(|_| self.0.keep(Batch::new()))
    }
    fn groups(&self) -> Result<u32, RpcError> {
        let had: Vec<_> = std::iter::from_fn(group::open).collect();
        let count = had.len();
        for group in had {
            // SAFETY: without members.
            unsafe { group::close(group) };
        }
        Ok(count as u32)
    }
}
fn feeder(to: Proxy<dyn Keep>) -> Result<Feeder, RpcError> {
    Ok(Feeder(to))
}

#[test]
fn a_stranger_in_the_slot_of_a_dead_domain_has_its_share_of_groups() {
    let _alone = alone();
    let keep: Domain<dyn Keep> = host()
        .spawn(DomainSpec::new("keep"), keeper, Mint::nothing())
        .unwrap();
    let client = |name: &str| -> Domain<dyn Feed> {
        let of = keep.clone();
        let mint = Mint::fallible(move || of.proxy());
        host().spawn(DomainSpec::new(name), feeder, mint).unwrap()
    };
    let attacker = client("attacker");
    attacker
        .proxy()
        .unwrap()
        .feed(2 * group::GROUPS as u32)
        .unwrap();
    let slot = attacker.info().id;
    assert!(attacker.kill());
    wait_until("the reclaim", || {
        host().reap();
        !reclaims("attacker").is_empty()
    });
    let (victim, other) = (client("victim"), client("other"));
    assert_eq!(victim.info().id, slot, "the slot is used again");
    let given = victim.proxy().unwrap().groups().unwrap();
    let others = other.proxy().unwrap().groups().unwrap();
    println!("the victim is given {given} groups, another domain {others}");
    for domain in [victim, other] {
        domain.kill();
    }
    keep.kill();
    assert_eq!(given as usize, group::SHARE);
}

/// Leaves a thread inside the keeper at its death, and so its slot taken.
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

/// One name has the share of each slot that its dead generations keep.
#[test]
fn a_name_and_its_dead_generations_do_not_take_all_groups() {
    let _alone = alone();
    let keep: Domain<dyn Keep> = host()
        .spawn(DomainSpec::new("keep2"), keeper, Mint::nothing())
        .unwrap();
    let of = keep.clone();
    let spec = DomainSpec::new("lagging")
        .restart(Restart::limited(100, Duration::from_secs(3600)))
        .drain_timeout(Duration::from_millis(10));
    let feed: Domain<dyn Feed> = host()
        .spawn(spec, lagging, Mint::fallible(move || of.proxy()))
        .unwrap();
    let mut generations = 0;
    loop {
        feed.proxy()
            .unwrap()
            .feed(2 * group::GROUPS as u32)
            .unwrap();
        generations += 1;
        feed.kill();
        if feed.restart().is_err() {
            break;
        }
    }
    let left: Vec<_> = std::iter::from_fn(group::open).collect();
    let count = left.len();
    println!("{generations} generations; {count} groups left for all others");
    for group in left {
        // SAFETY: without members.
        unsafe { group::close(group) };
    }
    OVER.store(true, SeqCst);
    keep.kill();
    feed.kill();
    wait_until("the end", || {
        host().reap();
        host().domains().all(|info| info.name.as_str() != "lagging")
    });
    assert!(
        count >= group::GROUPS / 2 - 2 * group::SHARE,
        "{count} left for all others"
    );
}
