//! Attacks on a ring by a driver of two devices, which uses the ring with the other device's function.
#![forbid(unsafe_code)]

use samara_device_io::queue::QueueError;
use samara_host_std as _;
use samara_ixgbe_emulator::Loop;
use samara_shared_heap::heap::{Census, census_all};
use samara_testkit::hosted::alone;
use samara_testkit::ixgbe_bus::IxgbeBus;
use std::sync::MutexGuard;

use fixture::{Function, all, packet, reclaim, rx, short, tx, up};

#[path = "../fixtures/ixgbe.rs"]
mod fixture;

/// Two devices. Each was reset once, so they are in the same epoch.
struct TwoDevices {
    function: Function,
    other: Function,
    bus: &'static IxgbeBus,
    other_bus: &'static IxgbeBus,
    before: Census,
    _alone: MutexGuard<'static, ()>,
}

impl TwoDevices {
    fn up() -> Self {
        let alone = alone();
        let before = census_all();
        let (bus, other_bus) = (
            IxgbeBus::leak(Loop::closed()),
            IxgbeBus::leak(Loop::closed()),
        );
        Self {
            function: up(bus, bus.slot()),
            other: up(other_bus, other_bus.slot()),
            bus,
            other_bus,
            before,
            _alone: alone,
        }
    }

    fn finish(self) {
        drop((self.function, self.other));
        assert_eq!((self.bus.strays(), self.other_bus.strays()), (0, 0));
        assert_eq!(census_all(), self.before);
    }
}

/// If the stop were accepted, the other device would stop its own queue, and this ring's packets would come out while
/// this device still receives into them.
///
/// Invariant: DEV-23
#[test]
fn a_receive_queue_is_not_stopped_by_another_device() {
    let devices = TwoDevices::up();
    let (function, other) = (&devices.function, &devices.other);
    let mut rx = rx(function, 0);
    rx.start(function, 0).unwrap();
    let mut receiving = rx.open(function).unwrap();
    for _ in 0..7 {
        receiving.put(packet(0xEE), all).unwrap();
    }
    receiving.publish();
    drop(receiving);
    devices.bus.settle();

    let stopped = rx.stop(other);
    let out = rx.open(function).unwrap().take_back().is_some();
    assert!(!out, "the device has the packet still");
    assert_eq!(stopped, Err(QueueError::Foreign));
    rx.stop(function).unwrap();
    assert!(rx.open(function).unwrap().take_back().is_some());
    devices.finish();
}

/// As above, but the queue is empty when the driver tries to stop it, and is filled afterwards.
///
/// Invariant: DEV-23
#[test]
fn a_transmit_queue_is_not_stopped_by_another_device() {
    let devices = TwoDevices::up();
    let (function, other) = (&devices.function, &devices.other);
    let mut tx = tx(function, 0);
    tx.start(function, 0).unwrap();

    let stopped = tx.stop(other);
    let mut sending = tx.open(function).unwrap();
    sending.put(packet(0xFF), short).unwrap();
    sending.publish();
    let out = sending.take_back().is_some();
    assert!(!out, "the device is about to read the packet");
    assert_eq!(stopped, Err(QueueError::Foreign));
    devices.bus.settle();
    assert!(reclaim(&mut sending).is_some());
    drop(sending);
    devices.finish();
}
