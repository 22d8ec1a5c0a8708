//! Private quotas that are smaller than the steps by which an arena grows, and allocations that a start makes before
//! it sets the quota.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{Domain, DomainSpec, Mint};
use samara_host_std::contained::{contained, stepping};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, RpcError, interface};
use samara_testkit::hosted::{alone, host};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

#[interface]
trait Bare {
    fn take(&self, bytes: u32) -> Result<bool, RpcError>;
}
struct Acting;
impl Bare for Acting {
    fn take(&self, bytes: u32) -> Result<bool, RpcError> {
        let mut buffer: Vec<u8> = Vec::new();
        Ok(buffer.try_reserve_exact(bytes as usize).is_ok())
    }
}
fn init((): ()) -> Result<Acting, RpcError> {
    Ok(Acting)
}

/// Invariant: HEAP-7
#[test]
fn a_private_quota_is_kept_from_the_first_byte_on() {
    let _alone = alone();
    let _contained = contained(true);
    for quota in [0, 100, 4096, 5000, 8192, 60 << 10, 70 << 10, 200 << 10] {
        let spec = DomainSpec::new("small").heap_quota(quota);
        let small: Domain<dyn Bare> = host().spawn(spec, init, Mint::nothing()).unwrap();
        let proxy = small.proxy().unwrap();
        // The start has already made a trial allocation, which must be within the quota too.
        assert!(small.info().private_bytes <= quota, "{quota} at the start");
        let pages = quota / 4096 * 4096;
        for bytes in [100, 4096, 30_000, 60_000, 70_000, 250_000_usize] {
            let got = proxy.take(bytes as u32).unwrap();
            assert!(!got || bytes < pages, "{bytes} of {quota}");
            // All of the quota can be used, except for what the allocator itself needs.
            assert!(got || bytes + 2048 > pages, "{bytes} of {quota} refused");
            assert!(small.info().private_bytes <= quota, "{quota}");
        }
        small.kill();
    }
}

/// A start once made its trial allocation in a frame that begins no activation. `contain::tick` asserts that it meets
/// no such frame.
///
/// Invariant: HEAP-8
#[test]
fn a_tick_may_come_anywhere_in_a_start() {
    let _alone = alone();
    let contained = stepping();
    let spec = DomainSpec::new("started").heap_quota(1 << 20);
    // This first start does everything that is done once per process.
    let first: Domain<dyn Bare> = host().spawn(spec, init, Mint::nothing()).unwrap();
    assert_eq!(first.proxy().unwrap().take(7), Ok(true));
    let start = || host().spawn::<dyn Bare, _, _, _>(spec, init, Mint::nothing());
    let (started, stepped) = contained.step(0, true, start);
    assert!(stepped.verdict.is_some(), "there were ticks");
    started.unwrap().kill();
    first.kill();
}
