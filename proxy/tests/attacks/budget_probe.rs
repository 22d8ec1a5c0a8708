//! Attack: a domain makes the host look for more stack, which takes the host long and costs the domain no time.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]
#![expect(unsafe_code, reason = "a host's own stack probe")]

use samara_domain_runtime::host::{SegmentRequester, StackProbe};
use samara_domain_runtime::{Domain, DomainSpec, ExitKind, Mint};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, RpcError, interface};
use samara_testkit::contained::contained;
use samara_testkit::hosted::{alone, host};
use std::thread;
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

/// The time that the host takes for each search.
const SEARCH: Duration = Duration::from_millis(5);

/// Looks for a segment and never finds one.
struct Slow;
// SAFETY: never calls the callee.
unsafe impl StackProbe for Slow {
    fn extend(&self, _: usize, _: usize, _: SegmentRequester, _: &mut dyn FnMut()) -> bool {
        thread::sleep(SEARCH);
        false
    }
}

#[interface]
trait Deep {
    fn ping(&self) -> Result<(), RpcError>;
}
#[interface]
trait Hog {
    /// Calls `times` times.
    fn call(&self, times: u32) -> Result<u32, RpcError>;
}
struct Serving;
impl Deep for Serving {
    fn ping(&self) -> Result<(), RpcError> {
        Ok(())
    }
}
struct Calling(Proxy<dyn Deep>);
impl Hog for Calling {
    fn call(&self, times: u32) -> Result<u32, RpcError> {
        for _ in 0..times {
            assert_eq!(self.0.ping(), Err(RpcError::StackExhausted));
        }
        Ok(times)
    }
}

/// Invariant: ORDER-17
#[test]
fn stack_search_uses_up_the_askers_budget() {
    let _alone = alone();
    // This probe is set before `contained` sets the host's own. The first probe stays.
    assert!(host().set_stack_probe(&Slow));
    let _contained = contained(true);
    // More stack than any thread here has.
    let deep = DomainSpec::new("deep").stack(64 << 20);
    let init = |()| Ok::<_, RpcError>(Serving);
    let of = thread::Builder::new().stack_size(128 << 20);
    let of = of.spawn(move || {
        let _contained = contained(false);
        host().spawn(deep, init, Mint::nothing())
    });
    let of: Domain<dyn Deep> = of.unwrap().join().unwrap().unwrap();
    let deep = of.clone();
    let mint = Mint::fallible(move || of.proxy());
    let init = |deep| Ok::<_, RpcError>(Calling(deep));
    let spec = DomainSpec::new("hog").budget(4 * SEARCH);
    let hog: Domain<dyn Hog> = host().spawn(spec, init, mint).unwrap();
    assert_eq!(hog.proxy().unwrap().call(500), Err(RpcError::Crashed));
    assert_eq!(hog.exit_reason().unwrap().kind, ExitKind::Overrun);
    deep.kill();
    hog.kill();
}
