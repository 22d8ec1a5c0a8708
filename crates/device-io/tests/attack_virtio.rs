//! Attacks on virtio devices that say odd things of themselves.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};

use samara_device_io::PciFunction;
use samara_device_io::mmio::{ReadOnly, ReadWrite, Register};
use samara_device_io::queue::{ChainQueue, PacketQueue};
use samara_device_io::table::{Direction, Width};
use samara_device_tables::virtio::COMMON;
use samara_device_tables::{VirtioBlock, VirtioNet};
use samara_host_std as _;

use liar::{COMMAND, Liar};

#[path = "fixtures/liar.rs"]
mod liar;

const STATUS: usize = 0x14;
const SELECT: usize = 0x16;
const SIZE: usize = 0x18;
const ENABLE: usize = 0x1C;
const NOTIFY_OFF: usize = 0x1E;
const DESC: usize = 0x20;

/// All structures in BAR 0: where, for kinds 1 to 4.
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

/// A device whose queues have 256 entries, and that says so whatever is written there.
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
        ChainQueue::<VirtioBlock, { VirtioBlock::REQUESTS }>::new(&function, 0, 4).unwrap();
    if queue.start(&function, 0xFFFF).is_err() {
        return;
    }
    let [desc, avail, used] = [0, 8, 16].map(|part| liar.get(0, DESC + part, Width::W64));
    // What the device does, by Virtio 1.2 §2.7, with 256 entries.
    let chosen = 0x0000_1234_5678_0008u64;
    let mut head = [0; 16];
    head[..8].copy_from_slice(&chosen.to_le_bytes());
    head[8..12].copy_from_slice(&4096u32.to_le_bytes());
    // The device may write there.
    head[12] = 2;
    let mut told = Vec::new();
    for turn in 0..31u64 {
        queue.put(&function, &head, None).unwrap();
        queue.ring(&function).unwrap();
        let index = u16::from_le_bytes(liar.memory(avail + 4 + 2 * (turn % 256)));
        let mut next = u64::from(index % 256);
        for _ in 0..3 {
            let address = u64::from_le_bytes(liar.memory(desc + 16 * next));
            let flags = u16::from_le_bytes(liar.memory(desc + 16 * next + 12));
            told.push((address, flags));
            if flags & 1 == 0 {
                break;
            }
            next = u64::from(u16::from_le_bytes(liar.memory(desc + 16 * next + 14))) % 256;
        }
        // It is used, with no byte written, in element `turn` of 256.
        let at =
            |bus: u64| std::ptr::with_exposed_provenance_mut::<u8>((bus - liar::OFFSET) as usize);
        #[expect(unsafe_code, reason = "the device")]
        // SAFETY: in the queue's memory: at most 84 + 31 * 8 bytes.
        unsafe {
            at(used + 4 + 8 * turn)
                .cast::<[u8; 8]>()
                .write_unaligned([0; 8])
        };
        #[expect(unsafe_code, reason = "the device")]
        // SAFETY: as above: the index.
        unsafe {
            at(used + 2).cast::<u16>().write((turn as u16 + 1).to_le())
        };
        if queue.next(&function).unwrap().is_none() {
            break;
        }
    }
    let ours = desc..desc + 0x1000;
    let stray: Vec<_> = told
        .iter()
        .filter(|(address, _)| !ours.contains(address))
        .collect();
    assert!(
        stray.is_empty(),
        "the device is told of {stray:x?}, which the driver made up"
    );
}

/// The notification structure stands where the common one is.
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

/// Bits of the status that there are none of (§2.1) are all that a driver writes: to a device that has the others only, 0. It
/// resets itself, takes its time, and another thread starts a queue meanwhile.
#[test]
fn a_driver_resets_no_device_by_bits_that_there_are_none_of() {
    let liar = virtio(0x1042, APART, 0);
    let resetting = Arc::new(AtomicBool::new(false));
    let old = Arc::new(AtomicU32::new(0));
    let seen = (resetting.clone(), old.clone());
    liar.react(move |liar, _, offset, value| match (offset, value) {
        (STATUS, Some(value)) if value & 0xCF == 0 && value != 0 => seen.0.store(true, SeqCst),
        (STATUS, Some(value)) => seen.1.store(value, SeqCst),
        // As long as the reset isn't over.
        (STATUS, None) if seen.0.load(SeqCst) => {
            liar.set(0, STATUS, Width::W8, seen.1.load(SeqCst).into());
        }
        (ENABLE, Some(1)) if seen.0.swap(false, SeqCst) => {
            for part in [0, 8, 16] {
                liar.set(0, DESC + part, Width::W64, 0);
            }
        }
        _ => {}
    });
    let function: PciFunction<VirtioBlock> = liar.slot().claim().unwrap();
    up(&function);
    let mut queue =
        ChainQueue::<VirtioBlock, { VirtioBlock::REQUESTS }>::new(&function, 0, 4).unwrap();
    let register: Register<VirtioBlock, u8, ReadWrite> = Register::at(COMMON, STATUS);
    if function.write(register, 0x20).is_err() {
        return;
    }
    assert!(resetting.load(SeqCst));
    let started = queue.start(&function, 0xFFFF);
    let (enabled, address) = (
        liar.get(0, ENABLE, Width::W16),
        liar.get(0, DESC, Width::W64),
    );
    assert!(
        enabled == 0 || address != 0,
        "{started:?}: a queue is enabled at address 0"
    );
}
