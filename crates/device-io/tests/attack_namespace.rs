//! An attack on how much a command transfers, by a driver of two devices with blocks of different sizes.
#![forbid(unsafe_code)]

use samara_device_io::dma::RegionError;
use samara_device_io::layout::nvme::{Command, CommandError, Namespace, PrpList};
use samara_device_io::{DmaRegion, PciFunction};
use samara_host_std as _;
use samara_rref::RRef;
use samara_testkit::nvme_model::{NvmeModel, Shape};

use fixture::{Rings, enabled, namespace, ring, rings};

#[path = "fixtures/nvme.rs"]
mod fixture;

fn model(block_shift: u8) -> &'static NvmeModel {
    NvmeModel::leak(Shape {
        block_shift,
        ..Shape::default()
    })
}

/// Admin queues, I/O queues of number 1, and the namespace.
fn with_io_queues(function: &PciFunction) -> (Rings, Rings, Namespace) {
    let (mut admin, io) = (enabled(function), rings(function));
    let namespace = namespace(function, &mut admin);
    let commands = [
        Command::set_queue_pairs(8, 1),
        Command::create_completion_queue(function, 9, 1, &io.1).unwrap(),
        Command::create_submission_queue(function, 10, 1, &io.0, 1).unwrap(),
    ];
    for (slot, command) in (1..).zip(commands) {
        admin.0.put(function, slot, command).unwrap();
        ring(function, 0, slot as u32 + 1);
    }
    (admin, io, namespace)
}

/// Eight blocks of 512 bytes for the command, eight of 4 KiB for the device: it would go on behind the
/// buffer, by addresses that nobody has given it.
#[test]
fn a_command_counts_in_its_own_devices_blocks() {
    let (small, large) = (model(9), model(12));
    let (one, other) = (small.slot().claim().unwrap(), large.slot().claim().unwrap());
    let ((_, _, of_one), (_admin, mut io, of_other)) =
        (with_io_queues(&one), with_io_queues(&other));
    assert_eq!((of_one.block_shift(), of_other.block_shift()), (9, 12));
    let mut lists: DmaRegion<PrpList> = other.region(64).unwrap();
    let buffer = RRef::<[u8]>::new_zeroed_slice(4096).unwrap();
    let transfer = other.begin(buffer).unwrap();

    let segment = other.segment(&transfer, 0, 0, 4096).unwrap();
    let command = Command::read(&other, 0, &of_one, 0, segment, &mut lists);
    let refused = command.map(|command| {
        io.0.put(&other, 0, command).unwrap();
        ring(&other, 1, 1);
    });
    assert_eq!(large.counts().stray_accesses, 0, "beyond the buffer");
    assert_eq!(refused, Err(CommandError::Region(RegionError::Foreign)));

    other.ended(0).unwrap();
    let segment = other.segment(&transfer, 0, 0, 4096).unwrap();
    let command = Command::read(&other, 0, &of_other, 0, segment, &mut lists).unwrap();
    io.0.put(&other, 0, command).unwrap();
    ring(&other, 1, 1);
    assert!(io.1.take(&other, 0, true).unwrap().is_some());
    assert_eq!(large.counts().stray_accesses, 0);
}
