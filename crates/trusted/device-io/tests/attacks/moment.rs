//! A device that does not answer for a moment, or that was replaced by another, must not be believed.

use samara_device_io::mmio::{ReadWrite, Register};
use samara_device_io::queue::{ChainQueue, Pair, Ring};
use samara_device_io::table::Width;
use samara_device_tables::virtio::COMMON;
use samara_device_tables::{Ixgbe, Nvme, VirtioBlock};
use samara_host_std as _;
use samara_testkit::hosted::alone;

use liar::Liar;
use raw::Raw;

#[path = "../fixtures/liar.rs"]
mod liar;
#[path = "../fixtures/raw.rs"]
mod raw;

const EXPRESS_AT: usize = 0x60;
const BAR0: u32 = 0xFEB0_0004;

/// A controller with PCI Express, and Function Level Reset if `flr`; CAP.CSS = NVM.
fn nvme(flr: bool) -> &'static Raw {
    let raw = Raw::leak(&[
        (0x00, 0x0010_1B36),
        (0x04, 1 << 20),
        (0x08, 0x0108_0202),
        (0x10, BAR0),
        (0x34, EXPRESS_AT as u32),
        (EXPRESS_AT, 0x10 | 2 << 16),
        (EXPRESS_AT + 4, u32::from(flr) << 28),
    ]);
    raw.set(0x00, 63);
    raw.set(0x04, 1 << 5);
    raw
}

/// A controller is taken out, and a network card is put in its place. The card's base address is 0, or another
/// address that the host has programmed. The end of the claim must neither change this base address nor make the card
/// decode memory.
///
/// Invariant: DEV-17
#[test]
fn the_end_of_a_claim_leaves_another_device_alone() {
    let _alone = alone();
    for programmed in [0, 0xE000_0004] {
        let raw = nvme(true);
        let function = raw.slot::<Nvme>().claim().unwrap();
        function.reset().unwrap();
        function.enable_bus_master().unwrap();
        raw.set_config(0x00, 0x10FB_8086);
        raw.set_config(0x08, 0x0200_0001);
        raw.set_config(0x04, 1 << 20);
        raw.set_config(0x10, programmed);
        drop(function);
        assert_eq!(
            (raw.config(0x10), raw.config(0x04) & 2),
            (programmed, 0),
            "the card decodes the controller's addresses"
        );
    }
}

/// BPINFO.BRS = 11b: a read of a boot partition has ended with an error (Base 2.0, offset 40h). The controller
/// accesses no memory then, so the reset must succeed.
#[test]
fn a_boot_partition_that_could_not_be_read_is_idle() {
    let _alone = alone();
    let raw = nvme(false);
    raw.set(0x40, 0b11 << 24);
    let function = raw.slot::<Nvme>().claim().unwrap();
    assert_eq!(function.reset(), Ok(()));
    drop(function);
}

/// A controller doesn't answer for an instant and loses the writes of both queue addresses, but not the write that
/// enables it. It still has the firmware's queues, which a controller reset keeps (Base 2.0 §3.7.2).
///
/// Invariant: DEV-18
#[test]
fn a_controller_does_not_keep_its_firmwares_queues() {
    let _alone = alone();
    const FIRMWARES: u32 = 0x1234_5000;
    let raw = nvme(false);
    let function = raw.slot::<Nvme>().claim().unwrap();
    function.reset().unwrap();
    function.enable_bus_master().unwrap();
    let mut admin = Pair::<Nvme, { Nvme::ADMIN }>::new(&function, 0, 64).unwrap();
    raw.react(|raw, offset, value| match offset {
        // The addresses are the firmware's at the next read of AQA, or else of CC.
        0x24 | 0x14 if value.is_none() => {
            for (at, value) in [(0x28, FIRMWARES), (0x2C, 0), (0x30, FIRMWARES), (0x34, 0)] {
                raw.set(at, value);
            }
        }
        0x14 if value.is_some_and(|value| value & 1 != 0) => raw.set(0x1C, 1),
        _ => {}
    });
    let started = admin.start(&function, 0);
    assert!(
        started.is_err() && raw.get(0x1C) == 0,
        "the controller executes entries in memory that is in use again: {started:?}"
    );
    drop(function);
}

/// An 82599 loses the writes of a receive ring's address (RDBAL, RDBAH), but no write of RDLEN or of the other
/// registers.
///
/// Invariant: DEV-18
#[test]
fn a_ring_is_not_enabled_where_another_was() {
    let _alone = alone();
    const OTHERS: u32 = 0x1234_5000;
    let raw = Raw::leak(&[
        (0x00, 0x10FB_8086),
        (0x08, 0x0200_0001),
        (0x10, 0xFEB0_0004),
    ]);
    let function = raw.slot::<Ixgbe>().claim().unwrap();
    raw.react(|raw, offset, value| {
        // A reset ends at once, and clears neither RDBAL nor RDBAH (by section 4.2.1.6.1 descriptor bases are
        // undefined).
        if offset == 0x0008 {
            raw.set(0x0000, raw.get(0x0000) & !(1 << 26 | 1 << 3 | 1 << 2));
        }
        if offset == 0x0000 && value.is_none() {
            raw.set(0x0000, raw.get(0x0000) & !(1 << 26 | 1 << 3 | 1 << 2));
        }
        if offset == 0x1008 {
            raw.set(0x1000, OTHERS);
            raw.set(0x1004, 0);
        }
    });
    function.reset().unwrap();
    function.enable_bus_master().unwrap();
    let mut ring = Ring::<Ixgbe, { Ixgbe::RX }, [u8; 2048]>::new(&function, 0, 8, 2048).unwrap();
    let started = ring.start(&function, 0);
    assert!(
        started.is_err() || raw.get(0x1000) != OTHERS,
        "the card receives into memory of another owner: {started:?}"
    );
    drop(function);
}

/// Configuration space reads as all ones for an instant in the middle of a silence. Device Control must not be
/// written back with every bit set, not even to a function that offers no reset.
#[test]
fn an_all_ones_device_control_is_not_written_back() {
    let _alone = alone();
    let liar = Liar::nvme(false);
    liar.set_config(EXPRESS_AT as u16 + 8, 0x2810);
    let function = liar.slot::<Nvme>().claim().unwrap();
    liar.say(|offset, value| match usize::from(offset) {
        at if at > EXPRESS_AT && at <= EXPRESS_AT + 8 => u32::MAX,
        _ => value,
    });
    let _ = function.silence();
    let control = liar.config(EXPRESS_AT as u16 + 8) & 0x7FFF;
    assert_eq!(
        control, 0x2810,
        "payload and read request sizes are reserved values now"
    );
    drop(function);
}

/// The command register reads as all ones for an instant at the claim.
#[test]
fn an_all_ones_command_register_is_not_written_back() {
    let _alone = alone();
    let liar = Liar::nvme(false);
    liar.say(|offset, value| if offset == 4 { u32::MAX } else { value });
    let function = liar.slot::<Nvme>().claim();
    let command = liar.config(4) & 0xFFFF;
    assert_eq!(
        command & !(1 << 1 | 1 << 2 | 1 << 10),
        0,
        "I/O space, special cycles, write and invalidate, SERR#: {command:#06x}"
    );
    drop(function);
}

/// A controller that doesn't come out of its reset is taken out, and a network card put in, before the function is
/// reset. The card that answers then isn't the device that the table describes.
///
/// Invariant: DEV-17
#[test]
fn a_swapped_card_does_not_count_as_reset() {
    let _alone = alone();
    let liar = Liar::nvme(true);
    liar.set(0, 0x00, Width::W64, 1 << 37 | 63);
    let function = liar.slot::<Nvme>().claim().unwrap();
    // CSTS.RDY stays 1.
    liar.set(0, 0x1C, Width::W32, 1);
    liar.say(move |offset, value| {
        if offset == 0 && liar.lock().now > 400_000_000 && value == 0x0010_1B36 {
            // An 82599 as it comes from power-on: no memory decoding, no base addresses.
            liar.set_config(0x00, 0x10FB_8086);
            liar.set_config(0x08, 0x0200_0001);
            liar.set_config(0x04, 1 << 20);
            liar.set_config(0x10, 0);
            liar.set(0, 0x1C, Width::W32, 0);
            return 0x10FB_8086;
        }
        value
    });
    let reset = function.reset();
    let master = function.enable_bus_master();
    assert!(
        reset.is_err() && master.is_err() && !liar.is_bus_master(),
        "an 82599 is bus master as an NVMe controller: {reset:?} {master:?}"
    );
    drop(function);
}

/// A function that an earlier kernel left asleep (D3hot) has no registers until it is awake (PCI Power Management 1.2
/// §5.4.1); it offers no Function Level Reset.
#[test]
fn a_function_that_was_left_asleep_is_woken() {
    let _alone = alone();
    const PM_AT: usize = 0x50;
    let raw = nvme(false);
    raw.set_config(0x34, PM_AT as u32);
    raw.set_config(PM_AT, (EXPRESS_AT as u32) << 8 | 0x01 | 3 << 16);
    raw.set_config(PM_AT + 4, 3);
    raw.react(|raw, _, _| {
        let is_asleep = raw.config(PM_AT + 4) & 3 == 3;
        for (at, awake) in [(0x00, 63), (0x04, 1 << 5), (0x14, 0), (0x1C, 0)] {
            raw.set(at, if is_asleep { u32::MAX } else { awake });
        }
    });
    let function = raw.slot::<Nvme>().claim().unwrap();
    let reset = function.reset();
    drop(function);
    assert_eq!(reset, Ok(()));
}

/// A device doesn't answer for an instant and loses the six writes of a queue's addresses, but not the one that
/// enables it. After a reset the addresses are 0. So the device would read descriptors at address 0 and write its
/// used ring there.
///
/// Invariant: DEV-18
#[test]
fn a_virtqueue_is_not_enabled_at_address_0() {
    let _alone = alone();
    let liar = Liar::virtio(0x1042, 0x1000);
    let function = liar.slot::<VirtioBlock>().claim().unwrap();
    function.reset().unwrap();
    function.enable_bus_master().unwrap();
    let status: Register<VirtioBlock, u8, ReadWrite> = Register::at(COMMON, 0x14);
    function.write(status, 0xB).unwrap();
    let mut queue =
        ChainQueue::<VirtioBlock, { VirtioBlock::REQUESTS }>::new(&function, 0, 16).unwrap();
    liar.react(|liar, _, offset, value| {
        // The addresses are 0 at the next read of the queue's size, or else at the write that enables the queue.
        if matches!((offset, value), (0x18, None) | (0x1C, Some(_))) {
            for at in [0x20, 0x28, 0x30] {
                liar.set(0, at, Width::W64, 0);
            }
        }
    });
    let started = queue.start(&function, 0xFFFF);
    assert!(
        started.is_err() && liar.get(0, 0x1C, Width::W16) == 0,
        "the queue's descriptors are at address 0: {started:?}"
    );
    drop(function);
}

/// A controller is taken out while its function is being reset; another one is put in, whose base address the host
/// has programmed. The next claim must not give the new controller the first one's address.
///
/// Invariant: DEV-17
#[test]
fn lost_addresses_do_not_go_to_another_device() {
    let _alone = alone();
    let liar = Liar::nvme(true);
    let slot = liar.slot::<Nvme>();
    let function = slot.claim().unwrap();
    function.reset().unwrap();
    function.enable_bus_master().unwrap();
    // The function disappears with its reset.
    liar.say(move |offset, value| match offset {
        0 if liar.lock().flrs == 1 => u32::MAX,
        _ => value,
    });
    drop(function);
    liar.say(|_, value| value);
    // Another vendor's controller is in its place.
    liar.set_config(0x00, 0xA808_144D);
    liar.set_config(0x10, 0xE000_0004);
    liar.set_config(0x04, 1 << 20 | 2);
    let claimed = slot.claim();
    let bar = liar.config(0x10);
    drop(claimed);
    assert_eq!(
        bar, 0xE000_0004,
        "the new controller got the first one's base address"
    );
}

/// A device doesn't answer for an instant and loses the writes that mask the vectors of an earlier kernel. Then the
/// control word of the first vector reads as all ones, so the engine can't tell that the vectors are masked. It must
/// not let the function send messages.
///
/// Invariant: DEV-15
#[test]
fn vectors_that_were_not_masked_stay_disabled() {
    let _alone = alone();
    const MSIX_AT: usize = 0x80;
    const TABLE: usize = 0x4000;
    let raw = nvme(false);
    raw.set_config(EXPRESS_AT, (MSIX_AT as u32) << 8 | 0x10 | 2 << 16);
    raw.set_config(MSIX_AT, 0x11 | 7 << 16);
    raw.set_config(MSIX_AT + 4, TABLE as u32);
    raw.set_config(MSIX_AT + 8, 0x7000);
    let left = |raw: &Raw| {
        for entry in 0..8 {
            raw.set(TABLE + 16 * entry, 0x1234_5000 + entry as u32);
            raw.set(TABLE + 16 * entry + 12, 0);
        }
    };
    left(raw);
    let function = raw.slot::<Nvme>().claim().unwrap();
    function.reset().unwrap();
    raw.react(move |raw, offset, value| {
        // This read comes after the writes of all masks. The device has lost them.
        if offset == TABLE + 12 && value.is_none() {
            left(raw);
            raw.set(TABLE + 12, u32::MAX);
        }
    });
    let interrupt = function.interrupt(0);
    let is_loose = raw.config(MSIX_AT) >> 30 == 0b10;
    let is_open = raw.get(TABLE + 16 + 12) & 1 == 0;
    drop((interrupt, function));
    assert!(
        !(is_loose && is_open),
        "vector 1 sends to the earlier kernel's address"
    );
}
