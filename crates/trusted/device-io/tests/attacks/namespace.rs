//! An attack on how much a command transfers, by a driver of two devices with blocks of different sizes.
#![forbid(unsafe_code)]

use samara_device_io::queue::SubmitError;
use samara_host_std as _;
use samara_rref::RRef;
use samara_testkit::nvme_emulator::{NvmeEmulator, Shape};

use fixture::Disk;

#[path = "../fixtures/nvme.rs"]
mod fixture;

fn model(block_shift: u8) -> &'static NvmeEmulator {
    NvmeEmulator::leak(Shape {
        block_shift,
        ..Shape::default()
    })
}

/// Eight blocks of 512 bytes for the command, eight of 4 KiB for the device: it would go on behind the
/// buffer, by addresses that nobody has given it.
#[test]
fn a_command_counts_in_its_own_devices_blocks() {
    let (small, large) = (model(9), model(12));
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

/// The same device may have other blocks by then.
#[test]
fn a_unit_that_was_learned_before_a_reset_is_refused() {
    let function = model(9).slot().claim().unwrap();
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
