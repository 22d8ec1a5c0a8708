//! The driver as a domain that panics at each fault point. The caller gets an error, the device is silent before any
//! memory is released, nothing leaks, and traffic goes on.
//!
//! Failure: F-36

use std::time::Duration;

use samara_domain::{RRef, RpcError};
use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
use samara_fault::FaultPoint;
use samara_host_std::runtime;
use samara_interfaces::net::{NetDevice, NetError};
use samara_ixgbe::{Args, Limits};
use samara_ixgbe_emulator::{Faults, Loop};
use samara_proxy::Export;
use samara_testkit::faults as fault;
use samara_testkit::ixgbe_bus::frame;

use super::{Bench, empty, frames, poll, small};

/// Starts the driver as a domain.
pub(crate) fn spawn(bench: &Bench, limits: Limits) -> Domain<dyn NetDevice> {
    spawn_seen(bench, limits, || ())
}

/// Does the same as [`spawn`], and calls `begun` as each start begins.
pub(crate) fn spawn_seen(
    bench: &Bench,
    limits: Limits,
    begun: impl Fn() + Send + Sync + 'static,
) -> Domain<dyn NetDevice> {
    let slot = bench.slot;
    let spec = DomainSpec::new("ixgbe").restart(Restart::limited(1_000, Duration::from_secs(600)));
    let mint = Mint::fallible(move || {
        begun();
        slot.claim().map(|function| Args { function, limits })
    });
    let domain = runtime()
        .spawn(spec, samara_ixgbe::init, mint)
        .expect("the domain starts");
    bench.bus.settle();
    domain
}

/// Checks that the device is silent. Fills free memory with a pattern and has frames arrive, which a working device
/// would write to memory. Then checks that the pattern is intact.
fn device_is_silent(bench: &Bench) {
    let watched: Vec<_> = (0..64)
        .map(|_| RRef::from_slice(&[0xA5u8; 65_536]))
        .collect();
    let packets: Vec<_> = (0..256)
        .map(|_| RRef::from_slice(&[0xA5u8; 4_096]))
        .collect();
    assert!(!bench.bus.is_bus_master());
    bench
        .bus
        .link(|link| link.inbound.extend((0..64).map(|seed| frame(1500, seed))));
    bench.bus.settle();
    let untouched = |bytes: &RRef<[u8]>| bytes.iter().all(|&byte| byte == 0xA5);
    assert!(watched.iter().chain(&packets).all(untouched));
    bench.bus.link(|link| link.inbound.clear());
}

/// Checks that the link is up, and that a frame comes back around the cable.
fn works(bench: &Bench, nic: &dyn NetDevice) {
    bench.bus.settle();
    assert!(nic.link().unwrap().is_up());
    let one = frame(333, 5);
    drop(nic.exchange(0, frames([&one[..]]), empty(0)).unwrap());
    bench.bus.settle();
    assert_eq!(poll(nic, 0).unwrap().last(), Some(&one));
}

const POINTS: [FaultPoint; 4] = [
    FaultPoint::Moved,
    FaultPoint::Submit,
    FaultPoint::InFlight,
    FaultPoint::Completion,
];

/// Crashes the driver at `point` in an exchange while frames of both directions are in flight. Returns the caller's
/// error.
fn crash(bench: &Bench, nic: &dyn NetDevice, point: FaultPoint) -> NetError {
    let some: Vec<_> = (0..10).map(|seed| frame(200, seed)).collect();
    let batch = || frames(some.iter().map(|frame| &frame[..]));
    drop(nic.exchange(0, batch(), empty(0)).unwrap());
    bench.bus.steps(1);
    fault::arm(point, 0);
    let error = nic.exchange(0, batch(), empty(32)).unwrap_err();
    assert!(
        !fault::is_armed(point),
        "the driver did not pass fault point {point:?}"
    );
    error
}

/// Invariant: DEV-22
#[test]
fn a_crash_silences_the_device_and_leaks_nothing() {
    for point in POINTS {
        for keeps_writing in [false, true] {
            let bench = Bench::new(Loop::closed());
            let domain = spawn(&bench, small());
            let nic = domain.proxy().unwrap();
            works(&bench, &nic);
            let mut faults = Faults::default();
            faults.keeps_writing = keeps_writing;
            bench.bus.inject(faults);
            let error = crash(&bench, &nic, point);
            assert_eq!(error, NetError::Rpc(RpcError::Crashed), "{point:?}");
            runtime().reap();
            device_is_silent(&bench);
            bench.bus.inject(Faults::default());
            assert_eq!(
                nic.info().unwrap_err(),
                NetError::Rpc(RpcError::Dead),
                "a proxy of the crashed driver must be dead"
            );
            drop((nic, domain));
            runtime().reap();
            bench.finish();
        }
    }
}

#[test]
fn through_a_shadow_traffic_goes_on_after_every_crash() {
    let bench = Bench::new(Loop::closed());
    let domain = spawn(&bench, small());
    let nic = domain.shadow().unwrap();
    works(&bench, &nic);
    for point in POINTS.into_iter().cycle().take(40) {
        let error = crash(&bench, &nic, point);
        assert_eq!(error, NetError::Rpc(RpcError::Crashed));
        works(&bench, &nic);
    }
    assert_eq!(domain.restarts(), 40);
    domain.stop(Duration::from_secs(10)).unwrap();
    drop((nic, domain));
    runtime().reap();
    bench.finish();
}

#[test]
fn after_a_crash_in_init_the_next_start_succeeds() {
    let bench = Bench::new(Loop::closed());
    let domain = spawn(&bench, small());
    let nic = domain.shadow().unwrap();
    fault::arm(FaultPoint::Init, 0);
    let error = crash(&bench, &nic, FaultPoint::InFlight);
    assert_eq!(error, NetError::Rpc(RpcError::Crashed));
    assert!(!bench.bus.is_bus_master() || !fault::is_armed(FaultPoint::Init));
    let answer = nic.info();
    if answer.is_err() {
        // The call's error is that of the start that crashed in `init`. The next start succeeds.
        nic.info().unwrap();
    }
    assert!(!fault::is_armed(FaultPoint::Init));
    works(&bench, &nic);
    domain.stop(Duration::from_secs(10)).unwrap();
    drop((nic, domain));
    runtime().reap();
    bench.finish();
}

#[test]
fn a_kill_frees_packets_once_the_device_is_silent() {
    let bench = Bench::new(Loop::open());
    let domain = spawn(
        &bench,
        Limits {
            queues: 4,
            ..small()
        },
    );
    let nic = domain.proxy().unwrap();
    for queue in 0..4 {
        let some: Vec<_> = (0..15).map(|seed| frame(200, seed)).collect();
        let batch = frames(some.iter().map(|frame| &frame[..]));
        drop(nic.exchange(queue, batch, empty(4)).unwrap());
    }
    assert!(domain.kill());
    runtime().reap();
    device_is_silent(&bench);
    drop((nic, domain));
    runtime().reap();
    bench.finish();
}
