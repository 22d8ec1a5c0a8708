//! Capability lists that end where extended configuration space ends.

use samara_device_io::PciFunction;
use samara_device_tables::Nvme;
use samara_host_std as _;

use liar::Liar;

#[path = "../fixtures/liar.rs"]
mod liar;

fn nvme() -> &'static Liar {
    let liar = Liar::leak(0x5678_1234, 0x0108_0200);
    liar.set(0, 0, samara_device_io::table::Width::W64, 1 << 37 | 1 << 24);
    // In memory-mapped configuration space the registers of the next function follow, and that function is in use.
    let mut state = liar.lock();
    state.config.resize(2048, 0);
    state.config[1024] = 0xFFFF_FFFF;
    state.config[1025] = 0xF900_0107;
    drop(state);
    liar
}

/// An extended capability begins in the last dwords, so its control register would lie where the next function's
/// command register is.
///
/// Invariant: DEV-15
#[test]
fn the_next_functions_registers_are_not_written() {
    for (last, id) in [(0xFFC, 0x10), (0xFFC, 0x0F), (0xFFC, 0x13), (0xFF8, 0x10)] {
        let liar = nvme();
        liar.set_config(0x100, 0x0001_0001 | last << 20);
        liar.set_config(last as u16, 0x0001_0000 | id);
        let function: Result<PciFunction<Nvme>, _> = liar.slot().claim();
        let state = liar.lock();
        assert_eq!(
            (state.config[1024], state.config[1025]),
            (0xFFFF_FFFF, 0xF900_0107),
            "a capability {id:#x} at {last:#x}: the next function's registers were written"
        );
        drop(state);
        drop(function);
    }
}

/// The upper half of a 64-bit base address is an address, too.
#[test]
fn a_driver_sees_no_bits_of_an_address() {
    let liar = nvme();
    // At 2_FEB0_0000h.
    liar.set_config(0x10, 0xFEB0_0004);
    liar.set_config(0x14, 0x0000_0002);
    let function: PciFunction<Nvme> = liar.slot().claim().unwrap();
    assert_eq!((function.config(0x10), function.config(0x14)), (0, 0));
}
