//! Attacks on the end of a claim, and by state that firmware left in the function.

use samara_device_io::PciFunction;
use samara_device_io::table::Width;
use samara_device_tables::Nvme;
use samara_host_std as _;

use liar::{COMMAND, Liar};

#[path = "../fixtures/liar.rs"]
mod liar;

const ID: u32 = 0x5678_1234;
const CLASS: u32 = 0x0108_0200;

fn nvme() -> &'static Liar {
    let liar = Liar::leak(ID, CLASS);
    liar.set(0, 0, Width::W64, 1 << 37 | 1 << 24);
    liar
}

/// When its claim ends, the device says that it is no bus master, although it is.
#[test]
fn a_device_that_hides_bus_mastering_is_silenced() {
    let liar = nvme();
    let function: PciFunction<Nvme> = liar.slot().claim().unwrap();
    function.reset().unwrap();
    function.enable_bus_master().unwrap();
    assert!(liar.is_bus_master());
    liar.say(|offset, value| if offset == COMMAND { value & !4 } else { value });
    drop(function);
    assert!(
        !liar.is_bus_master(),
        "memory was released, and the device is bus master still"
    );
}

fn with_msix(liar: &Liar, entries: u32) {
    liar.set_config(COMMAND, 1 << 20);
    liar.set_config(0x34, 0x50);
    liar.set_config(0x50, (entries - 1) << 16 | 0x11);
    // BAR 2, table at 0, pending bits at 2000h.
    liar.set_config(0x54, 2);
    liar.set_config(0x58, 0x2002);
}

/// An earlier owner (firmware, another kernel) left entry 20 of the MSI-X table unmasked, with an address of its own.
#[test]
fn no_entry_of_a_former_owner_is_unmasked() {
    let liar = nvme();
    with_msix(liar, 32);
    let entry = 20 * 16;
    liar.set(2, entry, Width::W64, 0xDEAD_0000);
    liar.set(2, entry + 12, Width::W32, 0);
    let function: PciFunction<Nvme> = liar.slot().claim().unwrap();
    function.reset().unwrap();
    function.enable_bus_master().unwrap();
    let _interrupt = function.interrupt(0).unwrap();
    let enabled = liar.config(0x50) & (1 << 31) != 0;
    let masked = liar.get(2, entry + 12, Width::W32) & 1 == 1;
    assert!(
        !enabled || masked,
        "vector 20, which a driver may have its queue use, writes to DEAD0000h"
    );
}

/// An earlier owner left MSI enabled, with an address of its own.
#[test]
fn no_message_of_a_former_owner_is_enabled() {
    let liar = nvme();
    liar.set_config(COMMAND, 1 << 20);
    liar.set_config(0x34, 0x50);
    // MSI, enabled.
    liar.set_config(0x50, 1 << 16 | 0x05);
    liar.set_config(0x54, 0xDEAD_0000);
    let function: PciFunction<Nvme> = liar.slot().claim().unwrap();
    function.reset().unwrap();
    function.enable_bus_master().unwrap();
    assert_eq!(
        liar.config(0x50) & 1 << 16,
        0,
        "the device writes its messages to DEAD0000h"
    );
}
