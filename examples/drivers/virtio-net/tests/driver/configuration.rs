//! Devices whose features or configuration are different after a reset.

use samara_interfaces::net::{NetDevice, NetError};
use samara_testkit::virtio_emulator::{Net, Shape, Switches};
use samara_virtio_net::{Limits, Nic};

use super::{Bench, KEEPS, batch, benches, empty, shape, small, works};

const MTU: u64 = 1 << 3;
const MAC: u64 = 1 << 5;
const STATUS: u64 = 1 << 16;
const VERSION_1: u64 = 1 << 32;
const PLAIN: u64 = MTU | MAC | STATUS | VERSION_1;

/// A device that offers an MTU and keeps sent frames.
const SHAPE: Shape = shape(Net {
    mtu: Some(1400),
    ..KEEPS
});

/// Sets the model's switches by `change`, breaks the device, and makes calls until the driver has reset it.
fn reset(bench: &Bench, nic: &Nic, change: impl FnOnce(&mut Switches)) {
    let resets = nic.statistics().unwrap().resets;
    bench.model.switch(change);
    bench.model.break_down();
    for _ in 0..100 {
        if nic.exchange(0, empty(0), empty(1)).is_err() {
            break;
        }
    }
    assert_eq!(nic.statistics().unwrap().resets, resets + 1);
}

/// Checks that calls fail and that no frame is sent.
fn failed(bench: &Bench, nic: &Nic) {
    for _ in 0..3 {
        let exchanged = nic.exchange(0, batch(2, 60), empty(2));
        assert_eq!(exchanged.unwrap_err(), NetError::Failed);
        assert_eq!(nic.link().unwrap_err(), NetError::Failed);
        assert_eq!(nic.wait(0, 1_000_000).unwrap_err(), NetError::Failed);
    }
    assert!(bench.model.take_sent().is_empty());
    assert!(!bench.model.is_bus_master());
}

/// Checks that calls fail for good if `change` makes the device unusable from a reset on.
fn is_not_used_again(change: impl Fn(&mut Switches) + Copy) {
    for bench in benches(SHAPE) {
        let bench = bench();
        let nic = bench.nic(small());
        works(&bench, &nic);
        drop(nic.exchange(0, batch(5, 60), empty(2)).unwrap());
        drop(bench.model.take_sent());
        reset(&bench, &nic, change);
        failed(&bench, &nic);
        drop(nic);
        bench
            .model
            .switch(|switches| *switches = Switches::default());
        bench.finish();
    }
}

/// Checks that the device still works after a reset with `change`, and that it has the same properties for callers.
fn is_used_again(change: impl Fn(&mut Switches) + Copy) {
    for bench in benches(SHAPE) {
        let bench = bench();
        let nic = bench.nic(small());
        let info = nic.info().unwrap();
        for _ in 0..3 {
            reset(&bench, &nic, change);
            works(&bench, &nic);
            assert_eq!(nic.info().unwrap(), info);
        }
        drop(nic);
        bench.finish();
    }
}

#[test]
fn other_features_after_a_reset_fail_all_calls() {
    for features in [0, PLAIN & !VERSION_1, PLAIN & !MAC, PLAIN & !STATUS] {
        is_not_used_again(|switches| switches.features_after_reset = Some(features));
    }
    // Without the MTU feature a frame may have 1500 bytes of payload. This is more than callers were told, so it does
    // no harm.
    is_used_again(|switches| switches.features_after_reset = Some(PLAIN & !MTU));
    // The driver does not use the additional features.
    is_used_again(|switches| {
        switches.features_after_reset = Some(PLAIN | 1 << 28 | 1 << 15 | 1);
    });
}

#[test]
fn shorter_queues_after_a_reset_fail_all_calls() {
    for size in [0, 1, 8, 31] {
        is_not_used_again(|switches| switches.queue_size_after_reset = Some(size));
    }
    is_used_again(|switches| switches.queue_size_after_reset = Some(32));
}

#[test]
fn a_refusal_after_a_reset_fails_all_calls() {
    is_not_used_again(|switches| switches.refuse_features = true);
    is_not_used_again(|switches| switches.unstable = true);
}

#[test]
fn a_reset_that_never_ends_fails_all_calls() {
    let bench = Bench::new(Shape {
        flr: false,
        ..SHAPE
    });
    let nic = bench.nic(small());
    works(&bench, &nic);
    drop(nic.exchange(0, batch(5, 60), empty(2)).unwrap());
    drop(bench.model.take_sent());
    reset(&bench, &nic, |switches| switches.never_reset = true);
    failed(&bench, &nic);
    drop(nic);
    bench.finish();
}

#[test]
fn a_device_comes_back_by_a_function_reset_alone() {
    let bench = Bench::new(SHAPE);
    let nic = bench.nic(small());
    for _ in 0..3 {
        reset(&bench, &nic, |switches| switches.never_reset = true);
        works(&bench, &nic);
    }
    drop(nic);
    bench.finish();
}

#[test]
fn another_device_in_its_place_is_not_driven() {
    let bench = Bench::new(SHAPE);
    let nic = bench.nic(Limits::default());
    works(&bench, &nic);
    bench.model.replug(SHAPE);
    // The new device's memory space is not enabled yet, so its registers do not answer.
    assert_eq!(nic.link().unwrap_err(), NetError::Gone);
    let exchanged = nic.exchange(0, empty(0), empty(0));
    assert_eq!(exchanged.unwrap_err(), NetError::Gone);
    assert_eq!(bench.model.status(), 0);
    drop(nic);
    bench.finish();
}
