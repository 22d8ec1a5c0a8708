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
use samara_proxy::Export;
use samara_testkit::faults as fault;
use samara_testkit::virtio_emulator::Shape;
use samara_virtio_net::{Args, Limits};

use super::{Bench, batch, benches, empty, frame, small, works};

/// A device that keeps frames of both directions for a while before it completes them.
const SHAPE: Shape = Shape {
    latency: 3,
    ..Shape::NET
};

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
    let spec =
        DomainSpec::new("virtio-net").restart(Restart::limited(1_000, Duration::from_secs(600)));
    let mint = Mint::fallible(move || {
        begun();
        slot.claim().map(|function| Args { function, limits })
    });
    runtime()
        .spawn(spec, samara_virtio_net::init, mint)
        .expect("the domain starts")
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
    assert!(!bench.model.is_bus_master());
    for seed in 0..64 {
        let _ = bench.model.receive(&frame(1500, seed));
    }
    bench.model.tick(100);
    let untouched = |bytes: &RRef<[u8]>| bytes.iter().all(|&byte| byte == 0xA5);
    assert!(watched.iter().chain(&packets).all(untouched));
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
    for _ in 0..2 {
        drop(nic.exchange(0, batch(4, 200), empty(0)).unwrap());
        bench.model.tick(4);
    }
    fault::arm(point, 0);
    let error = nic.exchange(0, batch(10, 200), empty(32)).unwrap_err();
    assert!(
        !fault::is_armed(point),
        "the driver did not pass fault point {point:?}"
    );
    error
}

#[test]
fn a_nic_works_across_a_domain_boundary() {
    let bench = Bench::new(SHAPE);
    let domain = spawn(&bench, small());
    let nic = domain.proxy().unwrap();
    works(&bench, &nic);
    assert_eq!(nic.info().unwrap().tx_room, 6);
    domain.stop(Duration::from_secs(10)).unwrap();
    assert_eq!(bench.model.status(), 0);
    assert_eq!(nic.info().unwrap_err(), NetError::Rpc(RpcError::Dead));
    drop((nic, domain));
    runtime().reap();
    bench.finish();
}

/// Invariant: DEV-22
#[test]
fn a_crash_silences_the_device_and_leaks_nothing() {
    for point in POINTS {
        for hang in [false, true] {
            for bench in benches(SHAPE) {
                let bench = bench();
                let domain = spawn(&bench, small());
                let nic = domain.proxy().unwrap();
                works(&bench, &nic);
                bench.model.switch(|switches| switches.never_reset = hang);
                let error = crash(&bench, &nic, point);
                assert_eq!(error, NetError::Rpc(RpcError::Crashed), "{point:?}");
                runtime().reap();
                device_is_silent(&bench);
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
}

#[test]
fn through_a_shadow_traffic_goes_on_after_every_crash() {
    for bench in benches(SHAPE) {
        let bench = bench();
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
}

#[test]
fn after_a_crash_in_init_the_next_start_succeeds() {
    let bench = Bench::new(SHAPE);
    let domain = spawn(&bench, small());
    let nic = domain.shadow().unwrap();
    fault::arm(FaultPoint::Init, 0);
    let error = crash(&bench, &nic, FaultPoint::InFlight);
    assert_eq!(error, NetError::Rpc(RpcError::Crashed));
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
    for bench in benches(SHAPE) {
        let bench = bench();
        let domain = spawn(&bench, small());
        let nic = domain.proxy().unwrap();
        drop(nic.exchange(0, batch(8, 200), empty(4)).unwrap());
        bench.model.tick(1);
        assert!(bench.model.in_flight() > 0);
        assert!(domain.kill());
        runtime().reap();
        device_is_silent(&bench);
        drop((nic, domain));
        runtime().reap();
        bench.finish();
    }
}
