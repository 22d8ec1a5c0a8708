//! Attack: a domain is cut while it makes or frees a large object that no cache keeps, and while its quota is
//! counted. Only the thread knows an object that it is giving back to the host, and the records of a count. A cut
//! must neither lose them nor have them freed twice.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::contain::Verdict;
use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart, RpcError};
use samara_host_std::{DomainAlloc, System, live_bytes};
use samara_proxy::{Export, interface};
use samara_rref::{Exchangeable, RRef};
use samara_shared_heap::heap;
use samara_testkit::contained::stepping;
use samara_testkit::hosted::{Totals, alone, host};
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

/// The object is large only because of its alignment, and nothing is written to it.
#[derive(Exchangeable)]
#[repr(align(65536))]
struct Aligned;

#[interface]
trait Worker {
    fn work(&self) -> Result<(), RpcError>;
}
struct Working;
impl Worker for Working {
    fn work(&self) -> Result<(), RpcError> {
        let object = RRef::try_new(Aligned).map_err(|(error, _)| error)?;
        drop(object);
        Ok(())
    }
}

/// The number of instructions at which a debug build, or an optimised one, is cut.
const STEPS: u64 = if cfg!(debug_assertions) { 60 } else { 600 };

/// Invariant: DEV-5
#[test]
fn a_cut_around_a_large_object_loses_nothing() {
    let _alone = alone();
    let contained = stepping();
    let before = Totals::now();
    {
        let init = |()| Ok::<_, RpcError>(Working);
        let spec = DomainSpec::new("cut")
            .budget(Duration::from_micros(1))
            .shared_quota(1 << 20)
            .restart(Restart::limited(u32::MAX, Duration::from_secs(1)));
        let domain: Domain<dyn Worker> = host().spawn(spec, init, Mint::nothing()).unwrap();
        let step = |at| {
            let proxy = domain.proxy().unwrap();
            let (_, stepped) = contained.step(at, false, || _ = proxy.work());
            drop(proxy);
            if domain.exit_reason().is_some() {
                domain.restart().unwrap();
            }
            host().reap();
            heap::trim();
            stepped
        };
        let whole = step(u64::MAX - 1);
        let expected = (heap::census_all(), heap::held_bytes(), live_bytes());
        let stride = (whole.steps / STEPS).max(1);
        let mut cut = 0;
        for at in (0..whole.steps + whole.steps / 8).step_by(stride as usize) {
            let stepped = step(at);
            cut += u64::from(stepped.verdict == Some(Verdict::Cut));
            let now = (heap::census_all(), heap::held_bytes(), live_bytes());
            assert_eq!(now, expected, "at {at}: {stepped:?}");
        }
        println!("{cut} cuts in {} instructions", whole.steps);
        assert!(cut > 0, "of {} instructions", whole.steps);
        assert!(domain.kill());
    }
    assert_eq!(Totals::now(), before);
}
