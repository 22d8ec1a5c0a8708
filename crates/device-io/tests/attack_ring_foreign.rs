//! Attacks on a ring by a driver of two devices, which shows it the other one's function.
#![forbid(unsafe_code)]

use std::sync::{Mutex, MutexGuard, PoisonError};

use samara_device_io::layout::ixgbe::{Ixgbe, QueueError, RxRing, TxRing};
use samara_device_io::{Mmio, PciFunction};
use samara_host_std as _;
use samara_ixgbe_model::Loop;
use samara_rref::RRef;
use samara_shared_heap::heap::census_all;
use samara_testkit::ixgbe_bus::IxgbeBus;

type Packet = [u8; 2048];

static SERIAL: Mutex<()> = Mutex::new(());

fn serial() -> MutexGuard<'static, ()> {
    SERIAL.lock().unwrap_or_else(PoisonError::into_inner)
}

fn registers(function: &PciFunction) -> Mmio<'_, Ixgbe> {
    function.registers().unwrap()
}

/// A function whose device sends and receives. Each was reset once: they are in the same epoch.
fn up(bus: &'static IxgbeBus) -> PciFunction {
    let function = bus.slot().claim().unwrap();
    registers(&function).reset(&function).unwrap();
    function.enable_bus_master::<Ixgbe>().unwrap();
    registers(&function).write(Ixgbe::FCTRL, 1 << 10);
    registers(&function).write(Ixgbe::DMATXCTL, 1);
    registers(&function).write(Ixgbe::RXCTRL, 1);
    bus.settle();
    function
}

fn all(packet: &mut Packet) -> &mut [u8] {
    packet
}

/// The other device would stop its queue, and this one's packets come out while it receives into them.
#[test]
fn a_receive_queue_is_not_stopped_by_another_device() {
    let _serial = serial();
    let before = census_all();
    let (bus, other_bus) = (
        IxgbeBus::leak(Loop::closed()),
        IxgbeBus::leak(Loop::closed()),
    );
    let (function, other) = (up(bus), up(other_bus));
    let mut rx = RxRing::<Packet>::new(&function, 0, 8, 2048).unwrap();
    rx.start(&function, &registers(&function), false).unwrap();
    let mut receiving = rx.open(&function).unwrap();
    for _ in 0..7 {
        receiving.put(RRef::new([0xEE; 2048]), all).unwrap();
    }
    receiving.publish(&registers(&function));
    drop(receiving);
    bus.settle();

    let stopped = rx.stop(&other, &registers(&other));
    let out = rx.open(&function).unwrap().take_back().is_some();
    assert!(!out, "the device has the packet still");
    assert_eq!(stopped, Err(QueueError::Foreign));
    rx.stop(&function, &registers(&function)).unwrap();
    assert!(rx.open(&function).unwrap().take_back().is_some());
    drop((function, other));
    assert_eq!((bus.strays(), other_bus.strays()), (0, 0));
    assert_eq!(census_all(), before);
}

/// As above; a queue that is empty when it is stopped is filled afterwards.
#[test]
fn a_transmit_queue_is_not_stopped_by_another_device() {
    let _serial = serial();
    let before = census_all();
    let (bus, other_bus) = (
        IxgbeBus::leak(Loop::closed()),
        IxgbeBus::leak(Loop::closed()),
    );
    let (function, other) = (up(bus), up(other_bus));
    let mut tx = TxRing::<Packet>::new(&function, 0, 8).unwrap();
    tx.start(&function, &registers(&function)).unwrap();

    let stopped = tx.stop(&other, &registers(&other));
    let mut sending = tx.open(&function).unwrap();
    sending
        .put(RRef::new([0xFF; 2048]), |packet| &mut packet[..60])
        .unwrap();
    sending.publish(&registers(&function));
    let out = sending.take_back().is_some();
    assert!(!out, "the device is about to read the packet");
    assert_eq!(stopped, Err(QueueError::Foreign));
    bus.settle();
    assert!(sending.reclaim().is_some());
    drop(sending);
    drop((function, other));
    assert_eq!((bus.strays(), other_bus.strays()), (0, 0));
    assert_eq!(census_all(), before);
}
