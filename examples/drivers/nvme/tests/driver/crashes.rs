//! The driver as a domain that crashes, or is killed.
//!
//! Failure: F-36

#[path = "../../../../../crates/testing/driver-suites/disk_crashes.rs"]
mod disk_crashes;

use samara_host_std::runtime;
use samara_nvme::{Args, init};
use samara_testkit::nvme_emulator::Shape;

use self::disk_crashes::{device_is_silent, spawn};
use super::Bench;

const NAME: &str = "nvme";

const SHAPE: Shape = Shape {
    mdts: 1,
    latency: 5,
    ..Shape::PLAIN
};

/// Whether the driver has shut the controller down.
fn was_stopped_in_order(bench: &Bench) -> bool {
    bench.model.counts().shutdowns == 1
}

#[test]
fn a_killed_driver_leaves_its_device_silent() {
    let bench = Bench::new(SHAPE);
    let domain = spawn(&bench);
    assert!(bench.model.is_bus_master());
    domain.kill();
    runtime().reap();
    device_is_silent(&bench);
    bench.finish();
}
