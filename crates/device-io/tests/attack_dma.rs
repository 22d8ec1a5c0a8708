//! Attacks on the provenance of bus addresses, by drivers that never name one.
#![forbid(unsafe_code)]

use samara_device_io::DmaRegion;
use samara_device_io::dma::RegionError;
use samara_device_io::layout::nvme::{
    AdminQueueError, Command, CommandError, IdentifyController, Nvme, PrpList,
};
use samara_host_std as _;
use samara_rref::RRef;
use samara_testkit::nvme_model::{NvmeModel, Shape};

use fixture::{enabled, namespace, rings};

#[path = "fixtures/nvme.rs"]
mod fixture;

fn model(flr: bool) -> &'static NvmeModel {
    NvmeModel::leak(Shape {
        flr,
        ..Shape::default()
    })
}

/// The admin queues of an earlier claim are memory in other use by now.
#[test]
fn a_device_is_not_enabled_with_the_queues_of_an_earlier_claim() {
    for (flr, master) in [(false, true), (false, false), (true, false)] {
        let model = model(flr);
        let slot = model.slot();
        let first = slot.claim().unwrap();
        let registers = first.registers::<Nvme>().unwrap();
        let (mut submission, completion) = rings(&first);
        let mut data: DmaRegion<IdentifyController> = first.region(1).unwrap();
        let command = Command::identify_controller(&first, 1, &mut data).unwrap();
        submission.put(&first, 0, command).unwrap();
        registers
            .set_admin_queues(&first, &submission, &completion)
            .unwrap();
        if master {
            first.enable_bus_master::<Nvme>().unwrap();
        }
        drop(first);

        let second = slot.claim().unwrap();
        second.enable_bus_master::<Nvme>().unwrap();
        second.registers::<Nvme>().unwrap().enable();
        assert!(
            !model.is_ready(),
            "enabled with queues of a claim that is over"
        );
    }
}

/// A reset clears the queues' addresses: the device would take 0 for one.
#[test]
fn queues_are_set_again_after_a_reset() {
    let model = model(true);
    let function = model.slot().claim().unwrap();
    let mut rings = enabled(&function);
    let _ = function.silence();
    function.enable_bus_master::<Nvme>().unwrap();
    function.registers::<Nvme>().unwrap().enable();
    assert!(model.is_ready());
    namespace(&function, &mut rings);
    assert_eq!(model.counts().stray_accesses, 0);
}

/// Else one function's memory is released while the other's device still reaches it.
#[test]
fn a_device_gets_queues_and_commands_of_its_own_function_only() {
    let (one, other) = (model(true), model(true));
    let (one, other) = (one.slot().claim().unwrap(), other.slot().claim().unwrap());
    let (mut first, mut second) = (enabled(&one), enabled(&other));
    let format = namespace(&one, &mut first);

    let mut data: DmaRegion<IdentifyController> = one.region(1).unwrap();
    let command = Command::identify_controller(&one, 1, &mut data).unwrap();
    assert_eq!(
        second.0.put(&other, 1, command),
        Err(RegionError::Foreign),
        "a command that names a region of the other function"
    );

    let buffer = RRef::<[u8]>::new_zeroed_slice(4096).unwrap();
    let transfer = one.begin(buffer).unwrap();
    let segment = one.segment(&transfer, 0, 0, 4096).unwrap();
    let mut lists: DmaRegion<PrpList> = other.region(64).unwrap();
    let error = Command::read(&other, 0, &format, 0, segment, &mut lists).err();
    assert_eq!(
        error,
        Some(CommandError::Region(RegionError::Foreign)),
        "a segment of the other function"
    );
    one.ended(0).unwrap();
    drop(one.finish(transfer).unwrap());

    let registers = other.registers::<Nvme>().unwrap();
    registers.disable();
    assert_eq!(
        registers.set_admin_queues(&one, &first.0, &first.1),
        Err(AdminQueueError::Region(RegionError::Foreign)),
        "queues in the other function's memory"
    );
}

/// Silencing ends every tag, so the buffer comes back: no command may name it any more.
#[test]
fn a_command_from_before_a_silence_is_not_put() {
    let model = model(true);
    let function = model.slot().claim().unwrap();
    let mut rings = enabled(&function);
    let format = namespace(&function, &mut rings);
    let mut lists: DmaRegion<PrpList> = function.region(64).unwrap();
    let buffer = RRef::<[u8]>::new_zeroed_slice(4096).unwrap();
    let transfer = function.begin(buffer).unwrap();
    let segment = function.segment(&transfer, 0, 0, 4096).unwrap();
    let command = Command::read(&function, 0, &format, 0, segment, &mut lists).unwrap();
    let _ = function.silence();
    let put = rings.0.put(&function, 0, command);
    drop(function.finish(transfer).unwrap());
    assert!(put.is_err(), "a command for a buffer that was given back");
}
