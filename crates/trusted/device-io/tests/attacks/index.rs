//! A device misses the write of an index register, so that a write that is meant for one register reaches another.

use samara_device_io::mmio::{Register, WriteOnly};
use samara_device_io::queue::PacketQueue;
use samara_device_io::table::Width;
use samara_device_tables::virtio::COMMON;
use samara_device_tables::{VirtioBlock, VirtioNet};
use samara_host_std as _;
use samara_testkit::hosted::alone;

use liar::Liar;

#[path = "../fixtures/liar.rs"]
mod liar;

/// `driver_feature_select` is 1 from an earlier write, and the device misses the write of 0. So bits 2 and 6 of a
/// disk's low features would become bits 34 and 38: packed rings and notification data. The device would then take
/// split descriptors for packed ones, also old descriptors of buffers that were given back.
///
/// Invariant: DEV-21
#[test]
fn a_driver_accepts_no_features_but_the_tables() {
    let _alone = alone();
    let liar = Liar::virtio(0x1042, 0x1000);
    let function = liar.slot::<VirtioBlock>().claim().unwrap();
    function.reset().unwrap();
    liar.react(|liar, _, offset, value| {
        if let (0x0C, Some(value)) = (offset, value) {
            // The driver's features, by select, are kept at 3F00h.
            let select = 1;
            liar.set(0, 0x08, Width::W32, select);
            liar.set(0, 0x3F00 + 4 * select as usize, Width::W32, value.into());
        }
        // The engine reads the index back, and finds 1.
        if let (0x08, None) = (offset, value) {
            liar.set(0, 0x08, Width::W32, 1);
        }
    });
    let features: Register<VirtioBlock, u32, WriteOnly> = Register::at(COMMON, 0x0C);
    function.write_selected(features, 1, 1).unwrap();
    let written = function.write_selected(features, 0, 1 << 2 | 1 << 6);
    let high = liar.get(0, 0x3F04, Width::W32);
    drop(function);
    assert_eq!(high & !1, 0, "features 32 and up: {written:?}");
}

/// `queue_select` is 0, and the device misses the write of 1. So receive queue 0 would get the addresses of the
/// transmit queue.
///
/// Invariant: DEV-21
#[test]
fn a_queue_gets_its_own_rings_address() {
    let _alone = alone();
    let liar = Liar::virtio(0x1041, 0x1000);
    let function = liar.slot::<VirtioNet>().claim().unwrap();
    function.reset().unwrap();
    function.enable_bus_master().unwrap();
    let status: Register<VirtioNet, u8, WriteOnly> = Register::at(COMMON, 0x14);
    function.write(status, 0xB).unwrap();
    let mut tx =
        PacketQueue::<VirtioNet, { VirtioNet::TX }, [u8; 2048]>::new(&function, 1, 16).unwrap();
    liar.react(|liar, _, offset, value| {
        // The next access finds index 0 again.
        if !matches!((offset, value), (0x16, Some(_))) {
            liar.set(0, 0x16, Width::W16, 0);
        }
    });
    let started = tx.start(&function, 0xFFFF);
    let is_enabled = liar.get(0, 0x1C, Width::W16);
    drop(function);
    assert!(
        started.is_err() && is_enabled == 0,
        "receive queue 0 runs on the ring of queue 1: {started:?}"
    );
}
