//! Attacks on the positions of a ring, by drivers that break no rule of the language.
#![forbid(unsafe_code)]

use samara_device_io::queue::QueueError;
use samara_host_std as _;
use samara_ixgbe_emulator::Loop;
use samara_shared_heap::heap::census_all;
use samara_testkit::hosted::alone;
use samara_testkit::ixgbe_bus::IxgbeBus;

use fixture::{Function, SENT, TxRing, packet, reclaim, short, tx, up};

#[path = "../fixtures/ixgbe.rs"]
mod fixture;

/// Puts `count` packets in and tells the device.
fn send(tx: &mut TxRing, function: &Function, count: usize) {
    let mut sending = tx.open(function).unwrap();
    for _ in 0..count {
        sending.put(packet(0xFF), short).unwrap();
    }
    sending.publish();
}

/// A forgotten batch does not write its positions back to the ring. If the ring could be used afterwards, packets of
/// the batch that the device still has would come out.
///
/// Invariant: DEV-23
#[test]
fn a_forgotten_batch_gives_out_no_packet() {
    let _alone = alone();
    let before = census_all();
    let bus = IxgbeBus::leak(Loop::closed());
    let function = up(bus, bus.slot());
    let mut tx = tx(&function, 0);
    tx.start(&function, 0).unwrap();
    send(&mut tx, &function, 7);
    bus.settle();
    assert!(tx.open(&function).unwrap().done().is_some());

    let mut sending = tx.open(&function).unwrap();
    for _ in 0..7 {
        drop(reclaim(&mut sending).unwrap());
    }
    for _ in 0..7 {
        sending.put(packet(0xFF), short).unwrap();
    }
    sending.publish();
    // The device has seven packets now.
    std::mem::forget(sending);
    let out = tx
        .open(&function)
        .map(|mut sending| reclaim(&mut sending).is_some());
    assert_eq!(out, Err(QueueError::Forgotten));
    assert_eq!(tx.stop(&function), Err(QueueError::Forgotten));
    assert_eq!(tx.start(&function, 0), Err(QueueError::Forgotten));
    drop(function);
    assert_eq!(bus.strays(), 0);
    assert_eq!(census_all(), before);
}

/// The device keeps its own position in a running queue. If the engine started at position 0 again, the device would
/// read old descriptors, of packets that have other owners by now.
///
/// Invariant: DEV-23
#[test]
fn a_running_queue_is_not_restarted() {
    let _alone = alone();
    let bus = IxgbeBus::leak(Loop::closed());
    let function = up(bus, bus.slot());
    let mut tx = tx(&function, 0);
    tx.start(&function, 0).unwrap();
    // Fills the ring more than twice, so that every descriptor was written.
    for _ in 0..4 {
        send(&mut tx, &function, 5);
        bus.settle();
        let mut sending = tx.open(&function).unwrap();
        while reclaim(&mut sending).is_some() {}
    }
    assert_eq!(tx.held(), 0);
    let sent = || bus.register(SENT);
    assert_eq!(sent(), 20);
    assert_eq!(tx.start(&function, 0), Err(QueueError::Started));
    send(&mut tx, &function, 1);
    bus.settle();
    assert_eq!(sent(), 1, "packets that were taken out are sent again");
    assert_eq!(bus.strays(), 0);
}
