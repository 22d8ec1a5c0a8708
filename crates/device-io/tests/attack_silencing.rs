//! A driver that is cut while it silences a device that it was lent.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_device_io::PciFunction;
use samara_device_tables::Nvme;
use samara_domain_runtime::{Domain, DomainSpec, Mint, RpcError};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, interface};
use samara_rref::RRef;
use samara_testkit::contained::{Contained, arm, contained};
use samara_testkit::hosted::{alone, host};
use samara_testkit::nvme_model::{NvmeModel, Shape};
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

/// Instructions at which somebody is cut.
const WALKS: u64 = 100;

#[interface]
trait Driver {
    /// Silences the lender's function, step by step.
    fn silence(&self, function: &RRef<PciFunction<Nvme>>) -> Result<(), RpcError>;
}

struct Borrower;

impl Driver for Borrower {
    fn silence(&self, function: &RRef<PciFunction<Nvme>>) -> Result<(), RpcError> {
        arm();
        let _ = function.silence();
        Ok(())
    }
}

/// One borrower, cut at instruction `at` or the next where it may be; how many steps it took, and whether it
/// was cut.
fn walk(contained: &Contained, function: &RRef<PciFunction<Nvme>>, at: u64) -> (u64, bool) {
    let spec = DomainSpec::new("borrower").budget(Duration::from_secs(5));
    let init = |()| Ok::<_, RpcError>(Borrower);
    let domain: Domain<dyn Driver> = host().spawn(spec, init, Mint::of(|| ())).unwrap();
    let proxy = domain.proxy().unwrap();
    function.enable_bus_master().unwrap();
    let (result, stepped) = contained.step_armed(at, true, || proxy.silence(function));
    // The host silences on the borrower's time, so the borrower may also be cut where the host's stretch ends.
    let is_cut = domain.exit_reason().is_some();
    assert_eq!(result.is_err(), is_cut, "{at} {stepped:?}");
    // Nobody silences it any more, so it may be started.
    let started = function.enable_bus_master();
    assert!(started.is_ok(), "{at} {stepped:?} {started:?}");
    drop(proxy);
    domain.kill();
    host().reap();
    (stepped.steps, is_cut)
}

#[test]
fn who_is_cut_while_it_silences_a_lent_device_leaves_one_that_may_be_started() {
    let _alone = alone();
    let contained = contained(true);
    // Without a reset, which takes long.
    let shape = Shape {
        flr: false,
        ..Shape::default()
    };
    let function = RRef::new(NvmeModel::leak(shape).slot().claim().unwrap());
    function.reset().unwrap();
    let (steps, _) = walk(&contained, &function, u64::MAX);
    let stride = (steps / WALKS).max(1);
    let walks = (0..steps).step_by(stride as usize);
    let cut = walks.filter(|&at| walk(&contained, &function, at).1);
    let cut = cut.count();
    println!("{steps} steps, every {stride}: {cut} cuts");
    assert!(cut > 0);
}
