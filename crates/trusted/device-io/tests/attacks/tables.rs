//! Compares the tables' steps with the specifications, on registers that are plain memory.

use samara_device_io::PciFunction;
use samara_device_io::queue::{PacketQueue, Ring};
use samara_device_tables::{Ixgbe, Nvme, VirtioNet};
use samara_host_std as _;
use samara_testkit::hosted::alone;

use raw::Raw;

#[path = "../fixtures/raw.rs"]
mod raw;

/// An 82599 whose resets end at once and whose queues are on and off at once.
fn ixgbe() -> &'static Raw {
    let raw = Raw::leak(&[
        (0x00, 0x10FB_8086),
        (0x04, 1 << 20),
        (0x08, 0x0200_0001),
        (0x10, 0xFEB0_0004),
    ]);
    raw.react(|raw, at, value| {
        if at == 0 && value.is_none() {
            raw.set(0, raw.get(0) & !(1 << 2 | 1 << 3 | 1 << 26));
        }
    });
    raw
}

type Frame = [u8; 2048];

#[test]
fn an_82599_transmit_start_clears_dca_txctrl() {
    let _alone = alone();
    let raw = ixgbe();
    let function: PciFunction<Ixgbe> = raw.slot().claim().unwrap();
    function.reset().unwrap();
    function.enable_bus_master().unwrap();
    let mut ring: Ring<Ixgbe, { Ixgbe::TX }, Frame> = Ring::new(&function, 0, 64, 0).unwrap();
    raw.set(0x600C, 0x0000_2A20);
    raw.set(0x6038, 1);
    ring.start(&function, 0).unwrap();
    assert_eq!(raw.get(0x6038), 0);
    assert_eq!(
        raw.get(0x600C),
        0,
        "DCA_TXCTRL: cache access, relaxed write-back"
    );
    drop((ring, function));
}

#[test]
fn an_82599_is_told_no_more_bytes_than_buffers_have() {
    let _alone = alone();
    for bytes in [1024, 1500, 2047, 2048, 3000, 16384] {
        let raw = ixgbe();
        let function: PciFunction<Ixgbe> = raw.slot().claim().unwrap();
        function.reset().unwrap();
        let ring: Result<Ring<Ixgbe, { Ixgbe::RX }, Frame>, _> = Ring::new(&function, 0, 64, bytes);
        let Ok(mut ring) = ring else { continue };
        ring.start(&function, u64::MAX).unwrap();
        let told = (raw.get(0x1014) & 0x1F) as usize * 1024;
        assert!(told <= bytes && told > 0, "{bytes}: {told}");
        assert_eq!(raw.get(0x1014) >> 25 & 7, 1, "header split, or more");
        drop((ring, function));
    }
}

#[test]
fn names_of_the_tables_are_used() {
    let _: Option<(PciFunction<Nvme>, PacketQueue<VirtioNet, 0, Frame>)> = None;
}
