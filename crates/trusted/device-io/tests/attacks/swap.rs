//! A function that was unplugged, and replaced by another.

use samara_device_io::PciFunction;
use samara_device_io::pci::Silenced;
use samara_device_io::table::Width;
use samara_device_tables::Nvme;
use samara_host_std as _;

use liar::Liar;

#[path = "../fixtures/liar.rs"]
mod liar;

const EXPRESS: u16 = 0x60;

/// An NVMe controller is claimed. Then an 82599 without base addresses answers in its place.
#[test]
fn a_swapped_device_is_not_made_bus_master() {
    let liar = Liar::leak(0x5678_1234, 0x0108_0200);
    liar.set(0, 0, Width::W64, 1 << 37 | 1 << 24);
    liar.set_config(4, 1 << 20);
    liar.set_config(0x34, EXPRESS.into());
    liar.set_config(EXPRESS, 0x10 | 2 << 16);
    liar.set_config(EXPRESS + 4, 1 << 28);
    liar.set_config(0x10, 0xFEB0_0004);
    liar.lock().express = EXPRESS;
    let function: PciFunction<Nvme> = liar.slot().claim().unwrap();
    liar.set_config(0, 0x10FB_8086);
    liar.set_config(8, 0x0200_0001);
    liar.set_config(4, 1 << 20);
    liar.set_config(0x10, 0);
    let silenced = function.silence();
    let reset = function.reset();
    let master = function.enable_bus_master();
    assert_ne!(
        (silenced, reset.is_ok(), master.is_ok(), liar.config(0x10)),
        (Silenced::Reset, true, true, 0xFEB0_0004),
        "an 82599 has a controller's base address, and is bus master by the controller's table"
    );
}
