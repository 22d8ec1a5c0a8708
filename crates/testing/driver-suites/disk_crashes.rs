//! The driver runs as a domain and panics at each fault point in turn. The caller gets an error, the device is silent
//! before any memory is released, and nothing leaks. A caller behind a shadow sees no error.
//!
//! The suite is compiled into the tests of each disk driver. The module above it names the driver's `init` and its
//! device.
//!
//! Failure: F-36

use std::time::Duration;

use samara_domain::{RRef, RpcError};
use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
use samara_fault::FaultPoint;
use samara_host_std::runtime;
use samara_interfaces::{BlockDevice, BlockError};
use samara_proxy::Export;
use samara_testkit::disks::{buffer, expected};
use samara_testkit::faults as fault;

use super::{Args, Bench, NAME, SHAPE, Shape, init, was_stopped_in_order};

/// Starts the driver in a domain.
pub(super) fn spawn(bench: &Bench) -> Domain<dyn BlockDevice> {
    let slot = bench.slot;
    let spec = DomainSpec::new(NAME).restart(Restart::limited(100, Duration::from_secs(600)));
    let mint = Mint::fallible(move || slot.claim().map(Args::from));
    runtime()
        .spawn(spec, init, mint)
        .expect("the domain starts")
}

/// Fills free memory with a pattern, lets the device run, and checks that it has not written to this memory.
pub(super) fn device_is_silent(bench: &Bench) {
    let watched: Vec<_> = (0..64)
        .map(|_| RRef::from_slice(&[0xA5u8; 65_536]))
        .collect();
    assert!(!bench.model.is_bus_master());
    bench.model.tick(100);
    assert!(
        watched
            .iter()
            .all(|bytes| bytes.iter().all(|&byte| byte == 0xA5))
    );
}

fn stop(domain: Domain<dyn BlockDevice>) {
    domain
        .stop(Duration::from_secs(10))
        .expect("it stops in time");
}

#[test]
fn a_disk_across_a_domain_boundary() {
    let bench = Bench::new(SHAPE);
    let domain = spawn(&bench);
    let disk = domain.proxy().unwrap();
    assert_eq!(disk.geometry().unwrap().blocks, 4096);
    let read = disk.read(9, buffer(65_536)).unwrap();
    assert_eq!(*read, *expected(9 * 512, 65_536));
    disk.write(100, &read).unwrap();
    disk.flush().unwrap();
    bench
        .model
        .medium(|medium| assert_eq!(medium[51_200..][..65_536], *read));
    stop(domain);
    assert!(was_stopped_in_order(&bench));
    assert_eq!(
        disk.geometry().unwrap_err(),
        BlockError::Rpc(RpcError::Dead)
    );
    drop((disk, read));
    bench.finish();
}

#[test]
fn every_fault_point_through_a_plain_proxy() {
    for flr in [true, false] {
        for point in FaultPoint::ALL {
            for after in [0, 1, 3] {
                let bench = Bench::new(Shape { flr, ..SHAPE });
                let domain = spawn(&bench);
                let disk = domain.proxy().unwrap();
                let kept = RRef::from_slice(&expected(0, 65_536));
                fault::arm(point, after);
                let mut crashed = false;
                for turn in 0..8 {
                    let outcome = if point == FaultPoint::Borrowed || turn % 2 == 1 {
                        disk.write(turn, &kept).err()
                    } else {
                        disk.read(turn, buffer(65_536)).err()
                    };
                    if let Some(error) = outcome {
                        assert_eq!(error, BlockError::Rpc(RpcError::Crashed), "{point:?}");
                        crashed = true;
                        break;
                    }
                }
                assert_eq!(crashed, point != FaultPoint::Init, "{point:?}");
                fault::disarm_all();
                assert_eq!(*kept, *expected(0, 65_536), "the lent buffer is unchanged");
                if crashed {
                    runtime().reap();
                    device_is_silent(&bench);
                    assert_eq!(disk.flush().unwrap_err(), BlockError::Rpc(RpcError::Dead));
                } else {
                    stop(domain);
                }
                drop((disk, kept));
                bench.finish();
            }
        }
    }
}

#[test]
fn a_crash_in_init_is_an_error_of_the_spawn() {
    let bench = Bench::new(SHAPE);
    fault::arm(FaultPoint::Init, 0);
    let slot = bench.slot;
    let mint = Mint::fallible(move || slot.claim().map(Args::from));
    let spawned: Result<Domain<dyn BlockDevice>, _> =
        runtime().spawn(DomainSpec::new(NAME), init, mint);
    assert!(spawned.is_err());
    device_is_silent(&bench);
    bench.finish();
}

#[test]
fn a_shadow_loses_nothing_over_crashes_at_every_point() {
    for flr in [true, false] {
        let bench = Bench::new(Shape { flr, ..SHAPE });
        let domain = spawn(&bench);
        let disk = domain.shadow().unwrap();
        let mut crashes = 0;
        for turn in 0..35u64 {
            let point = FaultPoint::ALL[turn as usize % FaultPoint::ALL.len()];
            fault::arm(point, (turn % 4) as u32);
            if point == FaultPoint::Init {
                fault::arm(FaultPoint::Init, 0);
                fault::arm(FaultPoint::Submit, 2);
            }
            let before = domain.restarts();
            for step in 0..4 {
                let lba = turn * 16 + step;
                let read = disk.read(lba, buffer(32_768)).unwrap();
                assert_eq!(*read, *expected(lba as usize * 512, 32_768), "{point:?}");
                disk.write(lba, &read).unwrap();
            }
            disk.flush().unwrap();
            crashes += domain.restarts() - before;
            fault::disarm_all();
        }
        assert!(crashes >= 35, "{crashes} crashes");
        bench
            .model
            .medium(|medium| assert_eq!(medium[..], *expected(0, 4096 * 512)));
        drop(disk);
        stop(domain);
        bench.finish();
    }
}
