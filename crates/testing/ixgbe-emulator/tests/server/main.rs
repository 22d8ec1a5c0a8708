//! Tests of the program `ixgbe-emulator` as a VMM sees it: attach, traffic, resets, kills and reconnects, and the
//! program's options and cables.
#![cfg(target_os = "linux")]

mod cables;
mod hostile;
mod limits;
mod options;
mod raw;
mod reset;
mod strangers;
mod truncation;
mod vmm;

use std::io::Write;
use std::os::unix::net::UnixStream;

use samara_ixgbe_emulator::registers::offset as at;
use vfio_bindings::bindings::vfio::VFIO_PCI_CONFIG_REGION_INDEX;

use crate::vmm::{BASE, Room, SIZE, Vmm, serve};

#[test]
fn vmm_may_reset_leave_and_return() {
    let room = Room::new("survival");
    let socket = room.place("socket");
    let server = serve(&socket, &["--mac", "02:00:00:00:00:05"]);
    let mut vmm = Vmm::attach(&socket);
    vmm.traffic(1);
    vmm.client.reset().expect("reset");
    assert_eq!(vmm.read(at::RXCTRL), 0);
    assert_eq!(vmm.read(at::RAL + 4), 0x8000_0500);
    vmm.traffic(2);
    vmm.client.dma_unmap(BASE, SIZE).expect("unmapped");
    drop(vmm);

    // A peer that does not speak vfio-user.
    let mut stranger = UnixStream::connect(&socket).expect("it listens");
    stranger.write_all(&[0x5a; 64]).expect("sent");
    drop(stranger);

    let mut vmm = Vmm::attach(&socket);
    assert_eq!(vmm.read(at::RXCTRL), 0, "the next VMM finds a fresh device");
    vmm.traffic(3);

    // A killed server leaves its socket behind, and the next one takes it over.
    drop(server);
    drop(vmm);
    assert!(socket.exists());
    let _server = serve(&socket, &["--device-id", "10f9"]);
    let mut vmm = Vmm::attach(&socket);
    let mut id = [0; 4];
    let region = VFIO_PCI_CONFIG_REGION_INDEX;
    vmm.client.region_read(region, 0, &mut id).expect("read");
    assert_eq!(id, [0x86, 0x80, 0xf9, 0x10]);
    vmm.traffic(4);
}
