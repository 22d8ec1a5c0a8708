//! A driver writes to a device that has lost the settings which the engine made.

use samara_device_io::mmio::{ReadWrite, Register};
use samara_device_io::queue::Pair;
use samara_device_tables::Nvme;
use samara_host_std as _;
use samara_testkit::hosted::alone;

use raw::Raw;

#[path = "../fixtures/raw.rs"]
mod raw;

const CC: Register<Nvme, u32, ReadWrite> = Register::at(0, 0x14);

/// A controller's firmware fails and restarts, which happens with real drives: CC, AQA, ASQ and ACQ have their values
/// from power-on, but the function's command register keeps its value. Then the driver announces a shutdown.
///
/// Invariant: DEV-21
#[test]
fn a_shutdown_enables_no_controller() {
    let _alone = alone();
    let raw = Raw::nvme();
    let function = raw.slot::<Nvme>().claim().unwrap();
    function.reset().unwrap();
    function.enable_bus_master().unwrap();
    raw.follow_enable();
    let mut admin = Pair::<Nvme, { Nvme::ADMIN }>::new(&function, 0, 8).unwrap();
    admin.start(&function, 0).unwrap();
    for at in [0x14, 0x1C, 0x24, 0x28, 0x2C, 0x30, 0x34] {
        raw.set(at, 0);
    }
    let written = function.write(CC, Nvme::SHUT_DOWN);
    let is_enabled = raw.get(0x14) & 1 == 1;
    let asq = u64::from(raw.get(0x2C)) << 32 | u64::from(raw.get(0x28));
    // The driver also rings the doorbell.
    let put = admin.submit::<{ Nvme::SET_QUEUES }>(&function, [0; 7]);
    let rung = admin.ring(&function);
    let tail = raw.get(0x1000);
    drop(function);
    assert!(
        !(is_enabled && tail == 1),
        "the controller fetches {tail} commands from {asq:#x}: {written:?} {put:?} {rung:?}"
    );
}
