//! An attack by the two sets of commands: `Read` (02h) is `Get Log Page` to an admin queue, which writes as many
//! dwords as the upper half of the first block's number says; `Write` (01h) creates a queue in the buffer.
#![forbid(unsafe_code)]

use samara_device_io::dma::{RegionError, Transfer};
use samara_device_io::layout::nvme::{
    AdminQueueError, Command, Namespace, Nvme, PrpList, SubmissionEntry,
};
use samara_device_io::{DmaRegion, PciFunction};
use samara_host_std as _;
use samara_rref::RRef;
use samara_testkit::nvme_model::{NvmeModel, Shape};

use fixture::{enabled, namespace};

#[path = "fixtures/nvme.rs"]
mod fixture;

/// A block from number 5 on: log page 5. From 03FF_0005h on it would be 4 KiB of that, into 512 bytes.
fn read<'t>(
    function: &PciFunction,
    transfer: &'t Transfer,
    namespace: &Namespace,
    lists: &mut DmaRegion<PrpList>,
) -> Command<'t> {
    let segment = function.segment(transfer, 0, 0, 512).unwrap();
    Command::read(function, 5, namespace, 5, segment, lists).unwrap()
}

#[test]
fn no_io_command_gets_into_an_admin_queue() {
    let model = NvmeModel::leak(Shape::default());
    let function = model.slot().claim().unwrap();
    let mut admin = enabled(&function);
    let namespace = namespace(&function, &mut admin);
    let (mut submission, completion) = admin;
    let mut lists: DmaRegion<PrpList> = function.region(64).unwrap();
    let buffer = RRef::<[u8]>::new_zeroed_slice(512).unwrap();
    let transfer = function.begin(buffer).unwrap();

    let command = read(&function, &transfer, &namespace, &mut lists);
    let put = submission.put(&function, 1, command);
    assert_eq!(put, Err(RegionError::OtherQueue));
    let flush = submission.put(&function, 1, Command::flush(6, &namespace));
    assert_eq!(flush, Err(RegionError::OtherQueue));

    // Nor as a queue that becomes one later.
    function.ended(0).unwrap();
    let mut other: DmaRegion<SubmissionEntry> = function.region(8).unwrap();
    let command = read(&function, &transfer, &namespace, &mut lists);
    other.put(&function, 0, command).unwrap();
    let registers = function.registers::<Nvme>().unwrap();
    registers.disable();
    assert_eq!(
        registers.set_admin_queues(&function, &other, &completion),
        Err(AdminQueueError::Region(RegionError::OtherQueue))
    );
    registers
        .set_admin_queues(&function, &submission, &completion)
        .unwrap();
}
