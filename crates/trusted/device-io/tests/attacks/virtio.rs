//! Attacks by virtio devices that give false information about themselves.

use samara_device_io::PciFunction;
use samara_device_io::mmio::{ReadOnly, ReadWrite, Register};
use samara_device_io::pci::StepError;
use samara_device_io::queue::{ChainQueue, PacketQueue, QueueError};
use samara_device_io::table::{Direction, Width};
use samara_device_tables::virtio::COMMON;
use samara_device_tables::{VirtioBlock, VirtioNet};
use samara_host_std as _;

use liar::{COMMAND, Liar};

#[path = "../fixtures/liar.rs"]
mod liar;

const STATUS: usize = 0x14;
const SELECT: usize = 0x16;
const SIZE: usize = 0x18;
const ENABLE: usize = 0x1C;
const NOTIFY_OFF: usize = 0x1E;

/// A device with all structures of kinds 1 to 4 in BAR 0, at these places.
fn virtio(device: u32, places: [u32; 4], multiplier: u32) -> &'static Liar {
    let liar = Liar::leak(device << 16 | 0x1AF4, 0);
    liar.set_config(COMMAND, 1 << 20);
    liar.set_config(0x34, 0x40);
    for (index, place) in (0u16..).zip(places) {
        let at = 0x40 + 0x18 * index;
        let next = if index < 3 { at + 0x18 } else { 0 };
        let kind = u32::from(index) + 1;
        liar.set_config(at, kind << 24 | 20 << 16 | u32::from(next) << 8 | 0x09);
        liar.set_config(at + 4, 0);
        liar.set_config(at + 8, place);
        liar.set_config(at + 12, 0x1000);
        liar.set_config(at + 16, multiplier);
    }
    liar.set(0, SIZE, Width::W16, 256);
    liar
}

const APART: [u32; 4] = [0, 0x1000, 0x2000, 0x3000];

fn status<D: samara_device_io::table::Table>(function: &PciFunction<D>, value: u8) {
    let register: Register<D, u8, ReadWrite> = Register::at(COMMON, STATUS);
    function.write(register, value).unwrap();
}

fn up<D: samara_device_io::table::Table>(function: &PciFunction<D>) {
    function.reset().unwrap();
    function.enable_bus_master().unwrap();
    status(function, 0xB);
}

/// The device's queues have 256 entries, and its register keeps that number whatever is written to it.
///
/// Invariant: DEV-18
#[test]
fn a_queue_has_as_many_entries_as_the_device_says() {
    let liar = virtio(0x1042, APART, 0);
    let function: PciFunction<VirtioBlock> = liar.slot().claim().unwrap();
    liar.react(|liar, _, offset, value| {
        if (offset, value) == (SIZE, None) {
            liar.set(0, SIZE, Width::W16, 256);
        }
    });
    up(&function);
    let mut queue =
        ChainQueue::<VirtioBlock, { VirtioBlock::REQUESTS }>::new(&function, 0, 8).unwrap();
    // The queue has 8 descriptors, but the device would use 256 entries. Among the others are the heads of chains, in
    // which a driver could choose addresses.
    let step = QueueError::Step(StepError::State);
    assert_eq!(queue.start(&function, 0xFFFF), Err(step));
    assert_eq!(liar.get(0, ENABLE, Width::W16), 0);
}

/// The notification structure is in the same place as the common one.
///
/// Invariant: DEV-18
#[test]
fn no_window_lies_in_another() {
    let liar = virtio(0x1041, [0, 0, 0x2000, 0x3000], 4);
    let Ok(function) = liar.slot::<VirtioNet>().claim() else {
        return;
    };
    up(&function);
    liar.set(0, NOTIFY_OFF, Width::W16, (ENABLE / 4) as u64);
    type Tx = PacketQueue<VirtioNet, { VirtioNet::TX }, [u8; 2048]>;
    let mut tx = Tx::new(&function, 1, 8).unwrap();
    tx.start(&function, 0xFFFF).unwrap();
    tx.put(
        &function,
        &[0; 16],
        Direction::ToDevice,
        samara_rref::RRef::new([0; 2048]),
        |p| &mut p[..],
    )
    .ok()
    .unwrap();
    liar.set(0, ENABLE, Width::W16, 0);
    let size: Register<VirtioNet, u16, ReadOnly> = Register::at(COMMON, SIZE);
    function.read_selected(size, 5);
    assert_eq!(liar.get(0, SELECT, Width::W16), 5);
    tx.ring(&function).unwrap();
    assert_eq!(
        liar.get(0, ENABLE, Width::W16),
        0,
        "queue 5 is enabled, of which the device was told nothing"
    );
}

/// A driver writes only status bits that do not exist (§2.1). A device that ignores these bits would see 0, which
/// resets it.
///
/// Invariant: DEV-21
#[test]
fn nonexistent_status_bits_reset_no_device() {
    let liar = virtio(0x1042, APART, 0);
    let function: PciFunction<VirtioBlock> = liar.slot().claim().unwrap();
    up(&function);
    let register: Register<VirtioBlock, u8, ReadWrite> = Register::at(COMMON, STATUS);
    for bits in [0x10, 0x20, 0x30] {
        assert!(function.write(register, bits).is_err());
    }
    assert_ne!(liar.get(0, STATUS, Width::W8), 0);
}
