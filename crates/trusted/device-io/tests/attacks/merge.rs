//! Attacks by a device that misstates a register, so that an update would write wrong bits back.

use samara_device_io::PciFunction;
use samara_device_io::mmio::{ReadWrite, Register};
use samara_device_io::queue::Pair;
use samara_device_io::table::Width;
use samara_device_tables::Nvme;
use samara_host_std as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use liar::Liar;

#[path = "../fixtures/liar.rs"]
mod liar;

const CC: usize = 0x14;
const CSTS: usize = 0x1C;

/// A read of CC returns another page size, once. A driver's update must not write that size to the device.
///
/// Invariant: DEV-21
#[test]
fn the_device_cannot_change_the_page_size() {
    let liar = Liar::leak(0x5678_1234, 0x0108_0200);
    liar.set(0, 0, Width::W64, 1 << 37 | 1 << 24);
    let lies = Arc::new(AtomicBool::new(false));
    let seen = lies.clone();
    liar.react(move |liar, _, offset, value| match (offset, value) {
        (CC, Some(value)) => liar.set(0, CSTS, Width::W32, (value & 1).into()),
        (CC, None) if seen.swap(false, SeqCst) => {
            let is = liar.get(0, CC, Width::W32);
            liar.set(0, CC, Width::W32, is | 4 << 7);
        }
        _ => {}
    });
    let function: PciFunction<Nvme> = liar.slot().claim().unwrap();
    function.reset().unwrap();
    function.enable_bus_master().unwrap();
    let mut admin = Pair::<Nvme, { Nvme::ADMIN }>::new(&function, 0, 8).unwrap();
    admin.start(&function, 0).unwrap();
    liar.writes();
    lies.store(true, SeqCst);
    let register: Register<Nvme, u32, ReadWrite> = Register::at(0, CC);
    let _ = function.update(register, 0b11 << 14, 0);
    let written = liar.writes();
    println!("{written:x?}");
    assert!(
        written
            .iter()
            .all(|&(_, offset, value)| offset != CC || value >> 7 & 0xF == 0),
        "pages are of 64 KiB now: the device reads past the end of the command's list"
    );
}
