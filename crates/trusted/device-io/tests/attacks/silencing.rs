//! A driver is cut while it silences, or resets, a device that it was lent.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{Domain, DomainSpec, Mint, RpcError};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, interface};
use samara_rref::RRef;
use samara_testkit::contained::{Contained, arm, contained};
use samara_testkit::hosted::{alone, host};
use samara_testkit::nvme_emulator::{NvmeEmulator, Shape};
use std::cell::RefCell;
use std::time::Duration;

use fixture::{Function, admin};

#[path = "../fixtures/nvme.rs"]
mod fixture;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

/// The number of instructions at which the driver is cut.
const WALKS: u64 = 100;
const RESET_WALKS: u64 = 30;

#[interface]
trait Driver {
    /// Silences the lender's function, in single steps.
    fn silence(&self, function: &RRef<Function>) -> Result<(), RpcError>;
    /// Resets the lender's function, in single steps.
    fn reset(&self, function: &RRef<Function>) -> Result<(), RpcError>;
}

struct Borrower;

impl Driver for Borrower {
    fn silence(&self, function: &RRef<Function>) -> Result<(), RpcError> {
        arm();
        let _ = function.silence();
        Ok(())
    }
    fn reset(&self, function: &RRef<Function>) -> Result<(), RpcError> {
        arm();
        let _ = function.reset();
        Ok(())
    }
}

/// Runs one borrower, which does what `call` asks and is cut at instruction `at`, or at the next one where it may be
/// cut. Returns how many steps it took, and whether it was cut.
fn walk(
    contained: &Contained,
    at: u64,
    call: impl FnOnce(&Proxy<dyn Driver>) -> Result<(), RpcError>,
) -> (u64, bool) {
    let spec = DomainSpec::new("borrower").budget(Duration::from_secs(5));
    let init = |()| Ok::<_, RpcError>(Borrower);
    let domain: Domain<dyn Driver> = host().spawn(spec, init, Mint::of(|| ())).unwrap();
    let proxy = domain.proxy().unwrap();
    let (result, stepped) = contained.step_armed(at, true, || call(&proxy));
    // The silence runs as the host, but on the borrower's time. So the borrower may also be cut where the host's part
    // ends.
    let is_cut = domain.exit_reason().is_some();
    assert_eq!(result.is_err(), is_cut, "{at} {stepped:?}");
    drop(proxy);
    domain.kill();
    host().reap();
    (stepped.steps, is_cut)
}

/// Cuts `walk` at `count` of its instructions; checks that some cuts happened.
fn walks(count: u64, walk: impl Fn(u64) -> (u64, bool)) {
    let (steps, _) = walk(u64::MAX);
    let stride = (steps / count).max(1);
    let walks = (0..steps).step_by(stride as usize);
    let cut = walks.filter(|&at| walk(at).1).count();
    println!("{steps} steps, every {stride}: {cut} cuts");
    assert!(cut > 0);
}

/// Returns a function that was reset. It offers no Function Level Reset, because such a reset would take long.
fn function() -> RRef<Function> {
    let shape = Shape {
        flr: false,
        ..Shape::default()
    };
    let function = RRef::new(NvmeEmulator::leak(shape).slot().claim().unwrap());
    function.reset().unwrap();
    function
}

/// Invariant: DEV-33
#[test]
fn a_cut_silence_leaves_a_device_that_can_start() {
    let _alone = alone();
    let contained = contained(true);
    let function = function();
    walks(WALKS, |at| {
        function.enable_bus_master().unwrap();
        let walked = walk(&contained, at, |driver| driver.silence(&function));
        // The cut silence no longer counts as under way, so the function may be reset and started.
        assert_eq!(function.reset(), Ok(()), "{at}");
        assert_eq!(function.enable_bus_master(), Ok(()), "{at}");
        walked
    });
}

/// The engine can't know how far the cut reset got, so the next reset executes all steps.
///
/// Invariant: DEV-33
#[test]
fn a_cut_reset_leaves_a_device_that_can_be_reset() {
    let _alone = alone();
    let contained = contained(true);
    let function = function();
    let admin = RefCell::new(admin(&function));
    walks(RESET_WALKS, |at| {
        let walked = walk(&contained, at, |driver| driver.reset(&function));
        function.reset().unwrap();
        function.enable_bus_master().unwrap();
        admin.borrow_mut().start(&function, 0).unwrap();
        walked
    });
}
