//! Tests of a VMM that truncates a file which it has mapped.

use samara_ixgbe_emulator::registers::{bits, offset as at};

use crate::vmm::{RX_BUFFER, RX_RING, Room, SIZE, TX_BUFFER, TX_RING, Vmm, serve};

/// Rings the doorbell for a packet whose memory is gone, and checks that the driver sees an error.
fn failed(vmm: &mut Vmm) {
    vmm.write(at::EIMC, u32::MAX);
    vmm.read(at::EICR);
    vmm.write(at::TDBAL + at::QUEUE_TAIL, 1);
    assert_eq!(vmm.read(at::TDBAL + at::QUEUE_HEAD), 1, "the ring goes on");
    let exception = bits::EICR_PCI_EXCEPTION;
    assert_eq!(vmm.read(at::EICR) & exception, exception);
}

#[test]
fn a_truncated_file_is_a_dma_error() {
    let room = Room::new("truncated");
    let socket = room.place("socket");
    let server = serve(&socket, &[]);
    let mut vmm = Vmm::attach(&socket);
    vmm.traffic(1);
    vmm.client.reset().expect("reset");
    vmm.bring_up(TX_BUFFER);
    vmm.resize(0);
    failed(&mut vmm);
    assert_eq!(vmm.length(), 0, "nothing is written behind the end");
    // When the file has its length again, the same server works again.
    vmm.resize(SIZE);
    vmm.client.reset().expect("reset");
    vmm.traffic(2);
    // The file now ends in the middle of the packet, behind the rings.
    vmm.client.reset().expect("reset");
    vmm.bring_up(TX_BUFFER);
    vmm.resize(TX_BUFFER + 50);
    failed(&mut vmm);
    assert_eq!(vmm.load(TX_RING + 12, 1)[0] & 1, 1, "done with");
    assert_eq!(vmm.load(RX_RING + 8, 1)[0] & 1, 0, "but not sent");
    assert_eq!(vmm.length(), TX_BUFFER + 50);
    drop(vmm);
    Vmm::attach(&socket).traffic(3);
    let log = server.log();
    assert!(log.contains("DMA accesses failed"), "{log}");
}

#[test]
fn write_past_the_file_end_is_lost() {
    let room = Room::new("behind");
    let socket = room.place("socket");
    let _server = serve(&socket, &[]);
    let mut vmm = Vmm::attach(&socket);
    // In the file the receive buffer lies behind the frame to send, so the file can be cut between them.
    vmm.map_from(0x8000, RX_BUFFER, 0x1000);
    vmm.map_from(0x4000, TX_BUFFER, 0x1000);
    vmm.map(0, 0x2000);
    vmm.store(0x4000, &[0xff; 100]);
    vmm.bring_up(TX_BUFFER);
    vmm.resize(0x8000);
    vmm.write(at::TDBAL + at::QUEUE_TAIL, 1);
    assert_eq!(vmm.load(TX_RING + 12, 1)[0] & 1, 1, "sent");
    assert_eq!(vmm.read(at::GPRC), 1, "received");
    assert_eq!(vmm.length(), 0x8000, "and not stored");
}

#[test]
fn shrinking_memory_does_not_end_the_server() {
    let room = Room::new("flapping");
    let socket = room.place("socket");
    let server = serve(&socket, &[]);
    let mut vmm = Vmm::attach(&socket);
    let file = vmm.share();
    let flapping = std::thread::spawn(move || {
        for round in 0..2000 {
            let length = if round % 2 == 0 { 0 } else { SIZE };
            file.set_len(length).expect("resized");
            std::thread::yield_now();
        }
    });
    while !flapping.is_finished() {
        vmm.bring_up(TX_BUFFER);
        vmm.write(at::TDBAL + at::QUEUE_TAIL, 1);
        vmm.client.reset().expect("the server lives");
    }
    flapping.join().expect("resized");
    vmm.resize(SIZE);
    vmm.client.reset().expect("reset");
    vmm.traffic(1);
    assert!(!server.log().contains("panicked"), "{}", server.log());
}
