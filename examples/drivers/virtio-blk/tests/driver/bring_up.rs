//! Devices that can't be brought up. The start fails with a typed error, and the function can be claimed again.

use samara_device_io::host::{Clock, MapBarError};
use samara_device_io::mmio::WindowError;
use samara_device_io::pci::{ClaimError, ResetError};
use samara_device_io::queue::QueueError;
use samara_driver::virtio::TransportError;
use samara_testkit::virtio_emulator::{Block, Malformed, Shape, Switches};
use samara_virtio_blk::{InitError, Limits};

use super::{Bench, shape, works};

/// Starts the driver on the model after the model was changed by `change`. The start must fail within ten seconds.
/// Returns the error.
fn refused(shape: Shape, change: impl FnOnce(&mut Switches)) -> InitError {
    let bench = Bench::new(shape);
    bench.model.switch(change);
    let before = bench.model.now();
    let error = bench
        .try_disk(Limits::default())
        .expect_err("it must not come up");
    assert!(bench.model.now() - before < 10_000_000_000);
    assert!(!bench.model.is_bus_master());
    assert_eq!(bench.model.counts().chains, 0);
    bench
        .model
        .switch(|switches| *switches = Switches::default());
    bench.finish();
    error
}

fn refused_shape(shape: Shape) -> InitError {
    refused(shape, |_| {})
}

/// Checks that the device comes up and works, and does so again for the next owner.
fn comes_up(shape: Shape) {
    let bench = Bench::new(shape);
    for _ in 0..2 {
        let disk = bench.disk();
        works(&disk);
        drop(disk);
    }
    bench.finish();
}

#[test]
fn a_legacy_device_is_refused() {
    let legacy = Shape {
        version_1: false,
        ..Shape::BLOCK
    };
    let error = InitError::Transport(TransportError::Legacy);
    assert_eq!(refused_shape(legacy), error);
}

#[test]
fn a_device_that_demands_a_feature_is_refused() {
    let platform = Shape {
        access_platform: true,
        ..Shape::BLOCK
    };
    let error = refused_shape(platform);
    let features = |error| matches!(error, InitError::Transport(TransportError::Features(_)));
    assert!(features(error), "{error}");
    let error = refused(Shape::BLOCK, |switches| switches.refuse_features = true);
    assert!(features(error), "{error}");
}

#[test]
fn features_that_change_the_rings_are_not_accepted() {
    // Indirect descriptors, event index, packed ring, in order, notification data, ring reset.
    for bit in [28, 29, 34, 35, 38, 40] {
        comes_up(Shape {
            also_offered: 1 << bit,
            ..Shape::BLOCK
        });
    }
}

#[test]
fn a_device_without_blocks_is_refused() {
    for (sectors, block_size) in [(0, Some(512)), (0, None), (7, Some(4096))] {
        let block = Block {
            sectors,
            block_size,
            ..Block::PLAIN
        };
        assert_eq!(refused_shape(shape(block)), InitError::NoCapacity);
    }
}

#[test]
fn invalid_block_sizes_are_refused() {
    for size in [0, 1, 256, 511, 513, 768, 131_072, u32::MAX] {
        let block = Block {
            block_size: Some(size),
            ..Block::PLAIN
        };
        assert_eq!(refused_shape(shape(block)), InitError::BlockSize(size));
    }
}

#[test]
fn segments_shorter_than_a_block_are_refused() {
    for (size_max, block_size) in [(0, 512), (1, 512), (511, 512), (4095, 4096)] {
        let block = Block {
            size_max: Some(size_max),
            block_size: Some(block_size),
            ..Block::PLAIN
        };
        assert_eq!(refused_shape(shape(block)), InitError::SizeMax(size_max));
    }
    let block = Block {
        seg_max: Some(0),
        ..Block::PLAIN
    };
    assert_eq!(refused_shape(shape(block)), InitError::NoSegments);
}

#[test]
fn invalid_queue_sizes_are_refused() {
    for queue_size in [0, 1, 2, 3, 4, 5, 100, 0xFFFF] {
        let error = refused_shape(Shape {
            queue_size,
            ..Shape::BLOCK
        });
        let expected = match queue_size {
            // A device that does not answer reads as all ones.
            0xFFFF => TransportError::Absent,
            size => TransportError::QueueSize(size, 8),
        };
        assert_eq!(error, InitError::Transport(expected));
    }
}

#[test]
fn an_unstable_configuration_is_refused() {
    let error = refused(Shape::BLOCK, |switches| switches.unstable = true);
    assert_eq!(error, InitError::Transport(TransportError::Unstable));
}

#[test]
fn a_reset_that_never_ends_is_an_error() {
    let shape = Shape {
        flr: false,
        ..Shape::BLOCK
    };
    let failed = InitError::Transport(TransportError::Reset(ResetError::Failed));
    let error = refused(shape, |switches| switches.never_reset = true);
    assert_eq!(error, failed);
    // The reset takes 25 s, and the driver waits only for one second.
    let error = refused(shape, |switches| switches.reset_takes = 100_000);
    assert_eq!(error, failed);
}

#[test]
fn a_start_falls_back_to_a_function_reset() {
    for reset_takes in [0, 100_000] {
        let bench = Bench::new(Shape::BLOCK);
        bench.model.switch(|switches| {
            switches.never_reset = reset_takes == 0;
            switches.reset_takes = reset_takes;
        });
        let disk = bench.disk();
        works(&disk);
        drop(disk);
        bench.finish();
    }
}

#[test]
fn a_device_that_stays_blind_after_a_reset_is_gone() {
    for flr in [true, false] {
        let shape = Shape {
            flr,
            ..Shape::BLOCK
        };
        let error = refused(shape, |switches| switches.blind_after_reset = u32::MAX);
        assert_eq!(error, InitError::Transport(TransportError::Gone));
    }
}

#[test]
fn unplugged_before_and_after_the_claim() {
    let bench = Bench::new(Shape::BLOCK);
    let function = bench.slot.claim().unwrap();
    assert_eq!(bench.slot.claim().unwrap_err(), ClaimError::Claimed);
    bench.model.switch(|switches| switches.removed = true);
    let error = samara_virtio_blk::init(function.into()).err().unwrap();
    assert_eq!(error, InitError::Transport(TransportError::Gone));
    assert_eq!(bench.slot.claim().unwrap_err(), ClaimError::Absent);
    bench.model.replug(Shape::BLOCK);
    drop(bench.disk());
    bench.finish();
}

#[test]
fn irrelevant_capabilities_are_skipped() {
    comes_up(Shape {
        decoys: true,
        ..Shape::BLOCK
    });
    comes_up(Shape {
        malformed: Some(Malformed::Loop),
        ..Shape::BLOCK
    });
    comes_up(Shape {
        vectors: 0,
        express: false,
        ..Shape::BLOCK
    });
}

#[test]
fn misplaced_structures_fail_the_claim() {
    let none = ClaimError::Window(WindowError::NoCapability);
    for (malformed, error) in [
        (Malformed::NoCommon, none),
        (Malformed::NoNotify, none),
        (Malformed::NoIsr, none),
        (Malformed::NoDevice, none),
        (Malformed::AtTheEnd, none),
        (Malformed::ReservedBar, none),
        (Malformed::Misaligned, none),
        (Malformed::Short, none),
        (
            Malformed::AbsentBar,
            ClaimError::Window(WindowError::Map(MapBarError::Absent)),
        ),
        (
            Malformed::PastBar,
            ClaimError::Window(WindowError::Map(MapBarError::TooShort)),
        ),
        (
            Malformed::InMsixTable,
            ClaimError::Window(WindowError::OverlapsMsix),
        ),
    ] {
        let bench = Bench::new(Shape {
            malformed: Some(malformed),
            ..Shape::BLOCK
        });
        assert_eq!(bench.slot.claim().unwrap_err(), error, "{malformed:?}");
        assert_eq!(bench.model.violations(), []);
    }
}

#[test]
fn a_structure_whose_end_wraps_around_is_not_claimed() {
    let bench = Bench::new(Shape {
        malformed: Some(Malformed::Wraps),
        ..Shape::BLOCK
    });
    assert!(matches!(bench.slot.claim(), Err(ClaimError::Window(_))));
    assert_eq!(bench.model.violations(), []);
}

#[test]
fn unreachable_doorbells_are_an_error() {
    for malformed in [Malformed::NotifyFar, Malformed::ShortCapability] {
        let shape = Shape {
            malformed: Some(malformed),
            ..Shape::BLOCK
        };
        let error = InitError::Queue(QueueError::NoDoorbell);
        assert_eq!(refused_shape(shape), error, "{malformed:?}");
    }
}
