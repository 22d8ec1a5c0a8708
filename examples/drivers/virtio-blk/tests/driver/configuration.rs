//! Devices whose features or configuration change, in a reset or while they run.

use samara_domain::RRef;
use samara_interfaces::{BlockDevice, BlockError};
use samara_testkit::disks::{buffer, expected};
use samara_testkit::virtio_emulator::{Block, Misbehaviour, Shape, Switches};
use samara_virtio_blk::VirtioDisk;

use super::{Bench, SLOW, benches, shape, works};

const BLK_SIZE: u64 = 1 << 6;
const FLUSH: u64 = 1 << 9;
const VERSION_1: u64 = 1 << 32;
/// The features of the plain device: `seg_max`, block size, flush, version 1.
const PLAIN: u64 = 1 << 2 | BLK_SIZE | FLUSH | VERSION_1;

/// Makes the driver reset the device after `change`, by a request that times out.
fn reset(bench: &Bench, disk: &VirtioDisk, change: impl FnOnce(&mut Switches)) {
    bench.model.switch(change);
    bench.model.go_wrong(0, Misbehaviour::Silent);
    let error = disk.read(0, buffer(4096)).unwrap_err();
    assert_eq!(error, BlockError::Timeout);
}

/// Checks that every call fails, without a request to the device.
fn failed(bench: &Bench, disk: &VirtioDisk) {
    let chains = bench.model.counts().chains;
    for _ in 0..3 {
        assert_eq!(disk.read(0, buffer(512)).unwrap_err(), BlockError::Failed);
        assert_eq!(disk.write(0, &buffer(512)).unwrap_err(), BlockError::Failed);
        assert_eq!(disk.flush().unwrap_err(), BlockError::Failed);
    }
    assert_eq!(bench.model.counts().chains, chains);
    assert!(!bench.model.is_bus_master());
}

/// Checks that all calls fail for good if `change` is made before a reset, because the device is not the same any
/// more.
fn is_not_used_again(change: impl Fn(&mut Switches) + Copy) {
    for bench in benches(Shape::BLOCK) {
        let bench = bench();
        let disk = bench.disk();
        works(&disk);
        reset(&bench, &disk, change);
        failed(&bench, &disk);
        drop(disk);
        bench
            .model
            .switch(|switches| *switches = Switches::default());
        bench.finish();
    }
}

/// Checks that the device is used again if `change` is made before a reset, and that it has the same geometry.
fn is_used_again(change: impl Fn(&mut Switches) + Copy) {
    for bench in benches(Shape::BLOCK) {
        let bench = bench();
        let disk = bench.disk();
        let geometry = disk.geometry().unwrap();
        reset(&bench, &disk, change);
        works(&disk);
        assert_eq!(disk.geometry().unwrap(), geometry);
        drop(disk);
        bench.finish();
    }
}

#[test]
fn a_lower_capacity_after_a_reset_fails_all_calls() {
    for sectors in [0, 1, 4095] {
        is_not_used_again(|switches| switches.capacity_after_reset = Some(sectors));
    }
    // A device may grow in a reset, as it may while it runs.
    for sectors in [4096, 4097, u64::MAX] {
        is_used_again(|switches| switches.capacity_after_reset = Some(sectors));
    }
}

#[test]
fn other_features_after_a_reset_fail_all_calls() {
    for features in [0, PLAIN & !VERSION_1, PLAIN & !FLUSH, PLAIN | 1 << 1] {
        is_not_used_again(|switches| switches.features_after_reset = Some(features));
    }
    // A device without this feature has blocks of 512 bytes. The test's device has this block size in any case.
    is_used_again(|switches| switches.features_after_reset = Some(PLAIN & !BLK_SIZE));
    // The driver does not use the two new features.
    is_used_again(|switches| switches.features_after_reset = Some(PLAIN | 1 << 28 | 1 << 13));
}

#[test]
fn a_shorter_queue_after_a_reset_fails_all_calls() {
    for size in [0, 1, 32, 63] {
        is_not_used_again(|switches| switches.queue_size_after_reset = Some(size));
    }
    is_used_again(|switches| switches.queue_size_after_reset = Some(128));
}

#[test]
fn features_refused_after_a_reset_fail_all_calls() {
    is_not_used_again(|switches| switches.refuse_features = true);
    is_not_used_again(|switches| switches.unstable = true);
}

#[test]
fn a_capacity_that_changes_is_not_torn() {
    let (before, after) = (0xFFFF_FFFF, 0x2_0000_0001);
    let mut seen = [0; 2];
    for reads in 0..8 {
        let bench = Bench::new(shape(Block {
            sectors: before,
            ..Block::PLAIN
        }));
        bench
            .model
            .switch(|switches| switches.capacity_turns = Some((reads, after)));
        let disk = bench.disk();
        let blocks = disk.geometry().unwrap().blocks;
        assert!([before, after].contains(&blocks), "{blocks:#x} at {reads}");
        seen[usize::from(blocks == after)] += 1;
        drop(disk);
        bench.finish();
    }
    assert!(seen[0] > 0 && seen[1] > 0, "{seen:?}");
}

#[test]
fn a_device_that_grows_keeps_its_geometry() {
    let bench = Bench::new(SLOW);
    let disk = bench.disk();
    let geometry = disk.geometry().unwrap();
    for _ in 0..2 {
        bench.model.set_capacity(8192);
        works(&disk);
        assert_eq!(disk.geometry().unwrap(), geometry);
        let read = disk.read(4096, buffer(512));
        assert_eq!(read.unwrap_err(), BlockError::OutOfRange);
        assert_eq!(bench.model.counts().resets, 1);
    }
    // The result is the same after a reset, when the driver knows that the device has grown.
    reset(&bench, &disk, |_| {});
    works(&disk);
    assert_eq!(disk.geometry().unwrap(), geometry);
    drop(disk);
    bench.finish();
}

#[test]
fn a_device_that_shrinks_fails_all_calls() {
    let bench = Bench::new(SLOW);
    let disk = bench.disk();
    works(&disk);
    bench.model.set_capacity(64);
    // The device still has this block, so it is the driver that fails the read.
    assert_eq!(disk.read(0, buffer(512)).unwrap_err(), BlockError::Failed);
    failed(&bench, &disk);
    drop(disk);
    bench.finish();
}

#[test]
fn a_configuration_that_goes_on_changing_is_survived() {
    let bench = Bench::new(SLOW);
    let disk = bench.disk();
    let written = RRef::from_slice(&expected(0, 4096));
    for turn in 0..20 {
        bench.model.set_capacity(4096 + turn);
        assert_eq!(*disk.read(0, buffer(4096)).unwrap(), *written);
        disk.write(0, &written).unwrap();
    }
    assert_eq!(bench.model.counts().resets, 1);
    drop((disk, written));
    bench.finish();
}
