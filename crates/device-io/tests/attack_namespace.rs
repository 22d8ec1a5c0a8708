//! An attack on how much a command transfers, by a driver of two devices with blocks of different sizes.
#![forbid(unsafe_code)]

use samara_device_io::dma::RegionError;
use samara_device_io::layout::nvme::{
    Command, CommandError, CompletionEntry, Namespace, NamespaceQuery, Nvme, PrpList,
    SubmissionEntry,
};
use samara_device_io::{DmaRegion, PciFunction};
use samara_host_std as _;
use samara_rref::RRef;
use samara_testkit::nvme_model::{NvmeModel, Shape};

type Rings = (DmaRegion<SubmissionEntry>, DmaRegion<CompletionEntry>);

fn model(block_shift: u8) -> &'static NvmeModel {
    NvmeModel::leak(Shape {
        block_shift,
        ..Shape::default()
    })
}

fn rings(function: &PciFunction) -> Rings {
    (function.region(8).unwrap(), function.region(8).unwrap())
}

fn ring(function: &PciFunction, queue: u16, tail: u32) {
    let registers = function.registers::<Nvme>().unwrap();
    let doorbells = Nvme::doorbells(registers.capabilities());
    registers
        .write_at(doorbells, Nvme::tail_doorbell(queue), tail)
        .unwrap();
}

/// Admin queues, I/O queues of number 1, and the namespace.
fn enabled(function: &PciFunction) -> (Rings, Rings, Namespace) {
    let (mut admin, io) = (rings(function), rings(function));
    let registers = function.registers::<Nvme>().unwrap();
    registers.disable();
    function.enable_bus_master::<Nvme>().unwrap();
    registers
        .set_admin_queues(function, &admin.0, &admin.1)
        .unwrap();
    registers.enable();
    let query = NamespaceQuery::new(function, 1).unwrap();
    let commands = [
        Command::identify_namespace(function, 7, &query).unwrap(),
        Command::set_queue_pairs(8, 1),
        Command::create_completion_queue(function, 9, 1, &io.1).unwrap(),
        Command::create_submission_queue(function, 10, 1, &io.0, 1).unwrap(),
    ];
    for (slot, command) in commands.into_iter().enumerate() {
        admin.0.put(function, slot, command).unwrap();
        ring(function, 0, slot as u32 + 1);
    }
    let namespace = query.namespace(function).unwrap();
    (admin, io, namespace)
}

/// Eight blocks of 512 bytes for the command, eight of 4 KiB for the device: it would go on behind the
/// buffer, by addresses that nobody has given it.
#[test]
fn a_command_counts_in_its_own_devices_blocks() {
    let (small, large) = (model(9), model(12));
    let (one, other) = (small.slot().claim().unwrap(), large.slot().claim().unwrap());
    let ((_, _, of_one), (_admin, mut io, of_other)) = (enabled(&one), enabled(&other));
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
