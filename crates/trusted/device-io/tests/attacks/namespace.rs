//! An attack on the length of a transfer, by a driver of two devices with blocks of different sizes.
#![forbid(unsafe_code)]

use samara_device_io::queue::SubmitError;
use samara_host_std as _;
use samara_rref::RRef;
use samara_testkit::nvme_emulator::{NvmeEmulator, Shape};

use fixture::Disk;

#[path = "../fixtures/nvme.rs"]
mod fixture;

fn emulator(block_shift: u8) -> &'static NvmeEmulator {
    NvmeEmulator::leak(Shape {
        block_shift,
        ..Shape::default()
    })
}

/// The command counts eight blocks of 512 bytes, but the device's blocks have 4 KiB. So the device would write beyond
/// the end of the buffer.
///
/// Invariant: DEV-26
#[test]
fn a_command_counts_in_its_own_devices_blocks() {
    let (small, large) = (emulator(9), emulator(12));
    let (one, other) = (small.slot().claim().unwrap(), large.slot().claim().unwrap());
    let (of_one, mut disk) = (Disk::up(&one).unit, Disk::up(&other));
    assert_eq!((of_one.shift(), disk.unit.shift()), (9, 12));
    let buffer = RRef::<[u8]>::new_zeroed_slice(4096).unwrap();
    let transfer = other.begin(buffer).unwrap();

    let of_other = core::mem::replace(&mut disk.unit, of_one);
    let refused = disk.read(&other, 0, (&transfer, 0, 4096));
    disk.io.ring(&other).unwrap();
    assert_eq!(large.counts().stray_accesses, 0, "beyond the buffer");
    assert_eq!(refused, Err(SubmitError::StaleUnit));

    disk.unit = of_other;
    disk.read(&other, 0, (&transfer, 0, 4096)).unwrap();
    assert_eq!(disk.complete(&other).status, 0);
    assert_eq!(large.counts().stray_accesses, 0);
}

/// After a reset the device may have blocks of another size.
///
/// Invariant: DEV-26
#[test]
fn a_unit_that_was_learned_before_a_reset_is_refused() {
    let function = emulator(9).slot().claim().unwrap();
    let mut disk = Disk::up(&function);
    let buffer = RRef::<[u8]>::new_zeroed_slice(4096).unwrap();
    let transfer = function.begin(buffer).unwrap();
    let before = disk.unit;
    disk.up_again(&function);
    let after = core::mem::replace(&mut disk.unit, before);
    let refused = disk.read(&function, 0, (&transfer, 0, 4096));
    assert_eq!(refused, Err(SubmitError::StaleUnit));
    disk.unit = after;
    disk.read(&function, 0, (&transfer, 0, 4096)).unwrap();
}
