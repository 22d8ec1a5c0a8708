//! Attacks on where a ring stands, by drivers that break no rule of the language.
#![forbid(unsafe_code)]

use samara_device_io::PciFunction;
use samara_device_io::dma::RegionError;
use samara_device_io::layout::ixgbe::{QueueError, TxRing};
use samara_host_std as _;
use samara_ixgbe_model::Loop;
use samara_rref::RRef;
use samara_shared_heap::heap::census_all;
use samara_testkit::hosted::alone;
use samara_testkit::ixgbe_bus::IxgbeBus;

use fixture::{Packet, registers, short, up};

#[path = "fixtures/ixgbe.rs"]
mod fixture;

/// Puts `count` in and has the device told.
fn send(tx: &mut TxRing<Packet>, function: &PciFunction, count: usize) {
    let mut sending = tx.open(function).unwrap();
    for _ in 0..count {
        sending.put(RRef::new([0xFF; 2048]), short).unwrap();
    }
    sending.publish(&registers(function));
}

/// Where the ring stands would be where it stood before: what the device was given since would come out.
#[test]
fn a_batch_of_work_that_is_forgotten_gives_no_packet_out_that_the_device_has() {
    let _alone = alone();
    let before = census_all();
    let bus = IxgbeBus::leak(Loop::closed());
    let function = up(bus, bus.slot());
    let registers = registers(&function);
    let mut tx = TxRing::<Packet>::new(&function, 0, 8).unwrap();
    tx.start(&function, &registers).unwrap();
    send(&mut tx, &function, 7);
    bus.settle();
    assert!(tx.open(&function).unwrap().has_sent());

    let mut sending = tx.open(&function).unwrap();
    for _ in 0..7 {
        drop(sending.reclaim().unwrap());
    }
    for _ in 0..7 {
        sending.put(RRef::new([0xFF; 2048]), short).unwrap();
    }
    sending.publish(&registers);
    // Seven are the device's now.
    std::mem::forget(sending);
    let out = tx
        .open(&function)
        .map(|mut sending| sending.reclaim().is_some());
    assert_eq!(out, Err(RegionError::Forgotten));
    assert_eq!(tx.stop(&function, &registers), Err(QueueError::Forgotten));
    assert_eq!(tx.start(&function, &registers), Err(QueueError::Forgotten));
    drop(function);
    assert_eq!(bus.strays(), 0);
    assert_eq!(census_all(), before);
}

/// The device's head is where it was: a ring that began anew would have it look at descriptors of packets
/// that are in other hands.
#[test]
fn a_queue_that_runs_is_not_begun_anew() {
    let _alone = alone();
    let bus = IxgbeBus::leak(Loop::closed());
    let function = up(bus, bus.slot());
    let registers = registers(&function);
    let mut tx = TxRing::<Packet>::new(&function, 0, 8).unwrap();
    tx.start(&function, &registers).unwrap();
    // Two rounds, and some: no descriptor is as it was at first.
    for _ in 0..4 {
        send(&mut tx, &function, 5);
        bus.settle();
        let mut sending = tx.open(&function).unwrap();
        while sending.reclaim().is_some() {}
    }
    assert_eq!(tx.held(), 0);
    // GPTC: frames sent since it was read.
    let sent = || bus.register(0x4080);
    assert_eq!(sent(), 20);
    assert_eq!(tx.start(&function, &registers), Err(QueueError::Enabled));
    send(&mut tx, &function, 1);
    bus.settle();
    assert_eq!(sent(), 1, "frames of packets that were taken out are sent");
    assert_eq!(bus.strays(), 0);
}
