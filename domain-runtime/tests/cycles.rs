//! Many lives in one process: nothing accumulates. Every test here compares the totals of the whole process.

use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart, SpawnError, arena};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, RpcError, Shadow, interface};
use samara_rref::{Cap, RRef};
use samara_shared_heap::{Owner, heap};
use samara_testkit::hosted::{Counts, Rng, Tally, Totals, alone, host, owner_of, reclaims};
use std::sync::Mutex;
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

#[interface]
trait Hoard {
    /// Keeps the object, an object of its own that grows with it, and `private` bytes of private memory. After that
    /// it crashes if `crash`.
    fn keep(&self, object: RRef<[RRef<u64>]>, private: u64, crash: bool) -> Result<(), RpcError>;
}

type Goods = (RRef<[RRef<u64>]>, RRef<[u8]>, Vec<u8>);

#[derive(Default)]
struct Keeping(Mutex<Vec<Goods>>);

impl Hoard for Keeping {
    fn keep(&self, object: RRef<[RRef<u64>]>, private: u64, crash: bool) -> Result<(), RpcError> {
        let own = RRef::new_zeroed_slice(object.len() * 100)?;
        let goods = (object, own, vec![1; private as usize]);
        self.0.lock().unwrap().push(goods);
        assert!(!crash, "asked to");
        Ok(())
    }
}

fn init((): ()) -> Result<Keeping, RpcError> {
    Ok(Keeping::default())
}

type Spawned = Result<(Domain<dyn Hoard>, Shadow<dyn Hoard>), SpawnError>;

fn spawn(name: &str) -> Spawned {
    let restart = Restart::limited(u32::MAX, Duration::from_secs(3600));
    let domain: Domain<dyn Hoard> = host().spawn(
        DomainSpec::new(name).restart(restart),
        init,
        Mint::nothing(),
    )?;
    let shadow = domain.shadow().unwrap();
    Ok((domain, shadow))
}

fn committed() -> usize {
    (1..256)
        .filter_map(Owner::from_index)
        .map(arena::committed)
        .sum()
}

/// Invariant: HEAP-2, LIFE-9
/// Failure: F-41
#[test]
fn a_thousand_crashes_leave_the_totals_flat() {
    const CYCLES: u32 = 1000;
    let _alone = alone();
    let (before, private) = (Totals::now(), committed());
    let (domain, shadow) = spawn("cycles").unwrap();
    let mut rng = Rng::new(1);
    let mut peak = 0;
    for cycle in 0..CYCLES {
        for crash in [false, rng.below(2) == 0, true] {
            let many = rng.below(50) + 1;
            let object = RRef::try_from_fn(many, |at| RRef::new(at as u64)).unwrap();
            let done = shadow.keep(object, rng.below(100_000) as u64, crash);
            assert_eq!(
                done,
                if crash {
                    Err(RpcError::Crashed)
                } else {
                    Ok(())
                }
            );
        }
        // Only one young generation is alive, so the totals stay within the memory of one generation.
        if cycle == CYCLES / 10 {
            heap::trim();
            peak = heap::held_bytes();
        }
        assert!(committed() <= private + (1 << 20));
    }
    heap::trim();
    assert!(heap::held_bytes() <= peak + (1 << 20));
    assert!(domain.restarts() >= CYCLES);
    domain.kill();
    drop(shadow);
    assert_eq!((Totals::now(), committed()), (before, private));
    assert_eq!(arena::committed(owner_of(&domain)), 0);
    assert_eq!(reclaims("cycles").len(), domain.restarts() as usize + 1);
}

/// Invariant: LIFE-14
#[test]
fn without_a_free_slot_the_arguments_are_dropped() {
    let _alone = alone();
    let before = Totals::now();
    let mut domains = Vec::new();
    let refused = loop {
        match spawn(&format!("many-{}", domains.len())) {
            Ok(domain) => domains.push(domain),
            Err(error) => break error,
        }
    };
    assert_eq!((refused, domains.len()), (SpawnError::NoSlot, 255));

    static COUNTS: Counts = Counts::new();
    let mint = Mint::of(|| Cap::try_new(Tally::new(&COUNTS, 0)).unwrap());
    let init = |_: Cap<Tally>| Ok::<_, RpcError>(Keeping::default());
    let refused: Result<Domain<dyn Hoard>, _> =
        host().spawn(DomainSpec::new("one-more"), init, mint);
    assert_eq!(refused.unwrap_err(), SpawnError::NoSlot);
    assert_eq!((COUNTS.released(), COUNTS.faults()), (1, 0));

    // When one domain ends, another can start.
    domains.pop().unwrap().0.kill();
    domains.push(spawn("comes").unwrap());
    for (domain, _) in &domains {
        domain.kill();
    }
    drop(domains);
    assert_eq!(Totals::now(), before);
}
