//! The driver as a domain that crashes, or is killed.
//!
//! Failure: F-36

#[path = "../../../../../crates/testing/driver-suites/disk_crashes.rs"]
mod disk_crashes;

use samara_host_std::runtime;
use samara_testkit::virtio_emulator::Shape;
use samara_virtio_blk::{Args, init};

use self::disk_crashes::{device_is_silent, spawn};
use super::{Bench, SLOW, works};

const NAME: &str = "virtio-blk";

const SHAPE: Shape = Shape { latency: 5, ..SLOW };

/// Whether the driver itself has written the cache back, in addition to the flushes of its client.
fn was_stopped_in_order(bench: &Bench) -> bool {
    bench.model.counts().flushes == 2
}

#[test]
fn a_killed_driver_leaves_its_device_silent() {
    for flr in [true, false] {
        let bench = Bench::new(Shape { flr, ..SHAPE });
        let domain = spawn(&bench);
        assert!(bench.model.is_bus_master());
        domain.kill();
        runtime().reap();
        device_is_silent(&bench);
        assert_eq!(
            bench.model.is_running(),
            !flr,
            "without a function reset the device still runs"
        );
        let disk = bench.disk();
        works(&disk);
        drop(disk);
        bench.finish();
    }
}
