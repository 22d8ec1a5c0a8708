//! Tests of resets by the VMM and by the guest in the middle of traffic, and of memory that is unmapped and mapped
//! again.

use std::collections::BTreeMap;

use samara_ixgbe_emulator::pci::CONFIG_SIZE;
use samara_ixgbe_emulator::registers::{TABLE, bits, offset as at};
use vfio_bindings::bindings::vfio::VFIO_PCI_CONFIG_REGION_INDEX;

use crate::vmm::{BASE, RX_RING, Room, SIZE, TX_BUFFER, TX_RING, Vmm, serve};

/// Reads all registers except the clock. Reading clears statistics and takes a semaphore.
fn registers(vmm: &mut Vmm) -> BTreeMap<(&'static str, u32), u32> {
    let all = TABLE.iter().copied().flatten();
    all.filter(|register| register.offset != at::FRTIMER)
        .flat_map(|register| (0..u32::from(register.count)).map(move |index| (register, index)))
        .map(|(register, index)| ((register.name, index), vmm.read(register.at(index))))
        .collect()
}

fn config(vmm: &mut Vmm) -> Vec<u8> {
    let mut bytes = vec![0; CONFIG_SIZE];
    let region = VFIO_PCI_CONFIG_REGION_INDEX;
    vmm.client.region_read(region, 0, &mut bytes).expect("read");
    bytes
}

/// Leaves the device in the middle of traffic. Frames that came back wait for descriptors, a packet still lacks its
/// last descriptor, statistics are unread, and an interrupt message waits because the function is masked.
fn leave_half_done(vmm: &mut Vmm) {
    vmm.traffic(1);
    let frame: Vec<u8> = [0xff; 12].into_iter().chain([0x66; 88]).collect();
    vmm.store(TX_BUFFER, &frame);
    for slot in 1..7 {
        let end = if slot < 6 { 0x2b } else { 0x2a };
        let command = 100u64 | 3 << 20 | end << 24 | 100 << 46;
        vmm.store(TX_RING + slot * 16, &(BASE + TX_BUFFER).to_le_bytes());
        vmm.store(TX_RING + slot * 16 + 8, &command.to_le_bytes());
    }
    vmm.config(0x72, &[0x3f, 0xc0]);
    vmm.write(at::TDBAL + at::QUEUE_TAIL, 7);
    vmm.write(at::EICS, 1);
    assert_eq!(vmm.read(at::TDBAL + at::QUEUE_HEAD), 7);
    assert_eq!(vmm.read(at::RDBAL + at::QUEUE_HEAD), 1, "they wait");
}

#[test]
fn reset_in_traffic_gives_a_fresh_device() {
    let room = Room::new("reset");
    let socket = room.place("socket");
    let server = serve(&socket, &[]);
    let mut vmm = Vmm::attach(&socket);
    // The write makes the device step, so that it notices that its link is up.
    vmm.write(at::STATUS, 0);
    let (fresh, powered) = (registers(&mut vmm), config(&mut vmm));
    for round in 2..5 {
        leave_half_done(&mut vmm);
        vmm.client.reset().expect("reset");
        vmm.quiet();
        let after = registers(&mut vmm);
        let other: Vec<_> = after
            .iter()
            .filter(|(name, value)| fresh[name] != **value)
            .collect();
        assert!(other.is_empty(), "{other:x?}");
        assert!(config(&mut vmm) == powered);
        // The first frame that arrives must be the new driver's, and no frame from before the reset.
        vmm.traffic(round);
        assert_eq!(
            [at::GPRC, at::GPTC, at::QPRC].map(|at| vmm.read(at)),
            [1; 3]
        );
        vmm.client.reset().expect("reset");
    }
    assert_eq!(server.log().matches("the VMM resets the device").count(), 6);
}

#[test]
fn a_guest_may_reset_the_function_itself() {
    let room = Room::new("flr");
    let socket = room.place("socket");
    let _server = serve(&socket, &[]);
    let mut vmm = Vmm::attach(&socket);
    leave_half_done(&mut vmm);
    vmm.config(0xa9, &[0x80]);
    assert_eq!(config(&mut vmm)[4..6], [0, 0]);
    assert_eq!(vmm.read(at::RXCTRL), 0);
    vmm.quiet();
    vmm.traffic(2);
    assert_eq!(vmm.read(at::GPRC), 1);
}

#[test]
fn memory_can_be_remapped_under_rings() {
    let room = Room::new("memory");
    let socket = room.place("socket");
    let _server = serve(&socket, &[]);
    let mut vmm = Vmm::attach(&socket);
    vmm.traffic(1);
    // When a guest is reset, a VMM unmaps the guest's memory before it resets the device.
    vmm.client.dma_unmap(BASE, SIZE).expect("unmapped");
    vmm.write(at::EIMC, u32::MAX);
    vmm.read(at::EICR);
    vmm.write(at::TDBAL + at::QUEUE_TAIL, 3);
    assert_eq!(vmm.read(at::TDBAL + at::QUEUE_HEAD), 3, "the ring goes on");
    let exception = bits::EICR_PCI_EXCEPTION;
    assert_eq!(vmm.read(at::EICR) & exception, exception);
    assert_eq!(vmm.load(TX_RING + 28, 1)[0] & 1, 0, "nothing was written");
    vmm.client.reset().expect("reset");
    // Maps the memory in two pieces, the upper piece first. The lower piece is mapped twice, and the second mapping
    // replaces the first. A frame lies across the border of the pieces.
    const BORDER: u64 = 0x4000;
    vmm.map(BORDER, SIZE - BORDER);
    vmm.map_from(SIZE / 2, 0, BORDER);
    vmm.map(0, BORDER);
    vmm.traffic_from(BORDER - 50, 2);
    vmm.client.reset().expect("reset");
    vmm.traffic_from(BORDER - 1, 3);
    // Unmaps one piece. A frame that lies partly in this piece is not sent. The rings are in the other piece, which
    // is still mapped.
    vmm.client
        .dma_unmap(BASE + BORDER, SIZE - BORDER)
        .expect("unmapped");
    vmm.client.reset().expect("reset");
    vmm.bring_up(BORDER - 50);
    vmm.write(at::TDBAL + at::QUEUE_TAIL, 1);
    assert_eq!(vmm.load(TX_RING + 12, 1)[0] & 1, 1, "done with");
    assert_eq!(vmm.load(RX_RING + 8, 1)[0] & 1, 0, "but not sent");
    assert_eq!(vmm.read(at::GPTC), 0);
}
