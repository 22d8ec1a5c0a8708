//! Sizes, alignments and counts that a domain chooses, compared with a reference model: see
//! `samara_testkit::sizes`.

use samara_domain_runtime::{Domain, DomainSpec, Mint, arena};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, RpcError, interface};
use samara_shared_heap::class::{MAX_ALIGN, MAX_OBJECT};
use samara_shared_heap::{Owner, heap, thread};
use samara_testkit::contained::contained;
use samara_testkit::hosted::{alone, host};
use samara_testkit::sizes::{Limits, Tally, exchange, private};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

const QUOTA: usize = 1 << 20;
/// The steps of each stream. Steps of the exchange heap take longer.
const PRIVATE: u64 = 20_000;
const EXCHANGE: u64 = 2_500;

/// The limits of a domain, which may hold as much as its quota.
const INSIDE: Limits = Limits {
    quota: QUOTA,
    bound: 1 << 30,
    skip_above: usize::MAX,
    empty: true,
};

#[interface]
trait Wild {
    /// Drives the private heap. Returns how many requests were granted, how many were refused, and how many of the
    /// refused ones were too large for any heap.
    fn private(&self, seed: u64) -> Result<(u32, u32, u32), RpcError>;
    /// Drives the exchange heap.
    fn exchange(&self, seed: u64) -> Result<(u32, u32, u32), RpcError>;
}

struct State;

fn init((): ()) -> Result<State, RpcError> {
    Ok(State)
}

fn me() -> Owner {
    thread::current().owner()
}

fn numbers(tally: Tally) -> (u32, u32, u32) {
    (tally.granted, tally.refused, tally.beyond)
}

impl Wild for State {
    fn private(&self, seed: u64) -> Result<(u32, u32, u32), RpcError> {
        let held = || arena::committed(me());
        match private(&ALLOC, INSIDE, &held, seed, PRIVATE) {
            Ok(tally) => Ok(numbers(tally)),
            Err(broken) => panic!("{broken}"),
        }
    }

    fn exchange(&self, seed: u64) -> Result<(u32, u32, u32), RpcError> {
        let limits = Limits {
            bound: MAX_OBJECT + MAX_ALIGN,
            ..INSIDE
        };
        let held = || heap::census(me()).bytes;
        match exchange(limits, &held, seed, EXCHANGE) {
            Ok(tally) => Ok(numbers(tally)),
            Err(broken) => panic!("{broken}"),
        }
    }
}

fn spawn() -> (Domain<dyn Wild>, Proxy<dyn Wild>) {
    let spec = DomainSpec::new("wild")
        .heap_quota(QUOTA)
        .shared_quota(QUOTA);
    let domain: Domain<dyn Wild> = host().spawn(spec, init, Mint::nothing()).unwrap();
    let proxy = domain.proxy().unwrap();
    (domain, proxy)
}

/// Asserts that there were many of each outcome.
fn assert_thorough((granted, refused, beyond): (u32, u32, u32)) {
    assert!(
        granted > 500 && refused > 100 && beyond > 50,
        "{granted} {refused} {beyond}"
    );
}

/// Invariant: HEAP-3
/// Failure: F-9
#[test]
fn a_domains_private_heap_agrees_with_the_model() {
    let _alone = alone();
    let _contained = contained(false);
    let (domain, proxy) = spawn();
    for seed in 0..4 {
        match proxy.private(seed) {
            Ok(tally) => assert_thorough(tally),
            Err(error) => panic!("{error}: {:?}", domain.exit_reason()),
        }
    }
    domain.kill();
}

/// Invariant: HEAP-4
/// Failure: F-9
#[test]
fn a_domains_shared_objects_agree_with_the_model() {
    let _alone = alone();
    let _contained = contained(false);
    let (domain, proxy) = spawn();
    for seed in 0..4 {
        match proxy.exchange(seed) {
            Ok(tally) => assert_thorough(tally),
            Err(error) => panic!("{error}: {:?}", domain.exit_reason()),
        }
    }
    domain.kill();
}

/// Invariant: HEAP-4
#[test]
fn the_hosts_memory_agrees_with_the_model() {
    let _alone = alone();
    // The system's allocator is no arena: it has no quota, and it need not refuse an allocation of no bytes.
    let limits = Limits {
        quota: QUOTA,
        bound: isize::MAX as usize,
        skip_above: QUOTA,
        empty: false,
    };
    for seed in 0..4 {
        let tally = private(&ALLOC, limits, &|| 0, seed, PRIVATE).unwrap();
        assert_thorough(numbers(tally));
        let limits = Limits {
            bound: MAX_OBJECT + MAX_ALIGN,
            ..limits
        };
        let tally = exchange(limits, &|| 0, seed, EXCHANGE).unwrap();
        assert_thorough(numbers(tally));
    }
}
