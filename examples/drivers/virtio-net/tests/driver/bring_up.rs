//! Devices that can't be brought up. Each start fails with a typed error, and the function can be claimed again.

use samara_device_io::host::Clock;
use samara_device_io::mmio::WindowError;
use samara_device_io::pci::{ClaimError, ResetError};
use samara_device_io::queue::QueueError;
use samara_driver::virtio::TransportError;
use samara_interfaces::MacAddress;
use samara_testkit::virtio_emulator::{Malformed, Net, Shape, Switches};
use samara_virtio_net::{InitError, Limits};

use super::{Bench, shape, works};

/// Starts the driver on a device that `change` has made unusable. Returns the error. The start must fail within ten
/// seconds of the model's time.
fn refused(shape: Shape, change: impl FnOnce(&mut Switches)) -> InitError {
    let bench = Bench::new(shape);
    bench.model.switch(change);
    let before = bench.model.now();
    let error = bench
        .try_nic(Limits::default())
        .expect_err("a device with this defect must not come up");
    assert!(bench.model.now() - before < 10_000_000_000);
    assert!(!bench.model.is_bus_master());
    bench
        .model
        .switch(|switches| *switches = Switches::default());
    bench.finish();
    error
}

/// Does the same for a device that is unusable because of its shape.
fn refused_shape(shape: Shape) -> InitError {
    refused(shape, |_| {})
}

/// Checks that the device comes up and works, for a first driver and for the next one.
fn comes_up(shape: Shape) {
    let bench = Bench::new(shape);
    for _ in 0..2 {
        let nic = bench.nic(Limits::default());
        works(&bench, &nic);
        drop(nic);
    }
    bench.finish();
}

#[test]
fn a_legacy_device_is_refused() {
    let legacy = Shape {
        version_1: false,
        ..Shape::NET
    };
    let error = InitError::Transport(TransportError::Legacy);
    assert_eq!(refused_shape(legacy), error);
}

#[test]
fn a_device_that_requires_more_features_is_refused() {
    let features = |error| matches!(error, InitError::Transport(TransportError::Features(_)));
    let platform = Shape {
        access_platform: true,
        ..Shape::NET
    };
    assert!(features(refused_shape(platform)));
    assert!(features(refused(Shape::NET, |switches| {
        switches.refuse_features = true;
    })));
}

#[test]
fn features_that_change_formats_are_not_accepted() {
    // Checksums, large frames, mergeable buffers, several queues; indirect descriptors, event index, packed ring.
    for bit in [0, 1, 7, 10, 15, 22, 28, 29, 34] {
        comes_up(Shape {
            also_offered: 1 << bit,
            ..Shape::NET
        });
    }
}

#[test]
fn a_device_without_a_station_address_is_refused() {
    let without = shape(Net {
        mac: None,
        ..Net::PLAIN
    });
    assert_eq!(refused_shape(without), InitError::NoAddress);
    for mac in [[0; 6], [0xFF; 6], [1, 0, 0x5E, 0, 0, 1]] {
        let bad = shape(Net {
            mac: Some(mac),
            ..Net::PLAIN
        });
        let error = InitError::BadAddress(MacAddress(mac));
        assert_eq!(refused_shape(bad), error);
    }
}

#[test]
fn an_mtu_below_the_minimum_is_refused() {
    for mtu in [0, 1, 67] {
        let shape = shape(Net {
            mtu: Some(mtu),
            ..Net::PLAIN
        });
        assert_eq!(refused_shape(shape), InitError::Mtu(mtu));
    }
}

#[test]
fn queues_of_an_impossible_size_are_refused() {
    for queue_size in [0, 1, 2, 3, 5, 100] {
        let error = refused_shape(Shape {
            queue_size,
            ..Shape::NET
        });
        let expected = TransportError::QueueSize(queue_size, 4);
        assert_eq!(error, InitError::Transport(expected));
    }
}

#[test]
fn a_configuration_that_keeps_changing_is_refused() {
    let error = refused(Shape::NET, |switches| switches.unstable = true);
    assert_eq!(error, InitError::Transport(TransportError::Unstable));
}

#[test]
fn a_reset_that_never_ends_is_an_error() {
    let shape = Shape {
        flr: false,
        ..Shape::NET
    };
    let failed = InitError::Transport(TransportError::Reset(ResetError::Failed));
    let error = refused(shape, |switches| switches.never_reset = true);
    assert_eq!(error, failed);
    // This is 25 s, which is longer than the driver waits.
    let error = refused(shape, |switches| switches.reset_takes = 100_000);
    assert_eq!(error, failed);
}

#[test]
fn a_function_reset_replaces_a_reset_that_never_ends() {
    for reset_takes in [0, 100_000] {
        let bench = Bench::new(Shape::NET);
        bench.model.switch(|switches| {
            switches.never_reset = reset_takes == 0;
            switches.reset_takes = reset_takes;
        });
        let nic = bench.nic(Limits::default());
        works(&bench, &nic);
        drop(nic);
        bench.finish();
    }
}

#[test]
fn a_device_that_stays_blind_after_a_reset_is_gone() {
    for flr in [true, false] {
        let shape = Shape { flr, ..Shape::NET };
        let error = refused(shape, |switches| switches.blind_after_reset = u32::MAX);
        assert_eq!(error, InitError::Transport(TransportError::Gone));
    }
}

#[test]
fn unplugged_before_and_after_the_claim() {
    let bench = Bench::new(Shape::NET);
    let function = bench.slot.claim().unwrap();
    bench.model.switch(|switches| switches.removed = true);
    let error = samara_virtio_net::init(function.into()).err().unwrap();
    assert_eq!(error, InitError::Transport(TransportError::Gone));
    assert_eq!(bench.slot.claim().unwrap_err(), ClaimError::Absent);
    bench.model.replug(Shape::NET);
    drop(bench.nic(Limits::default()));
    bench.finish();
}

#[test]
fn a_device_that_lacks_a_structure_is_not_claimed() {
    for malformed in [
        Malformed::NoCommon,
        Malformed::NoNotify,
        Malformed::NoIsr,
        Malformed::NoDevice,
        Malformed::Short,
    ] {
        let bench = Bench::new(Shape {
            malformed: Some(malformed),
            ..Shape::NET
        });
        let error = ClaimError::Window(WindowError::NoCapability);
        assert_eq!(bench.slot.claim().unwrap_err(), error, "{malformed:?}");
    }
}

#[test]
fn doorbells_outside_their_structure_are_refused() {
    for malformed in [Malformed::NotifyFar, Malformed::ShortCapability] {
        let shape = Shape {
            malformed: Some(malformed),
            ..Shape::NET
        };
        let error = InitError::Queue(QueueError::NoDoorbell);
        assert_eq!(refused_shape(shape), error, "{malformed:?}");
    }
}
