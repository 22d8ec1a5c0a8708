//! Attacks on the provenance of bus addresses, by drivers that never name an address.
#![forbid(unsafe_code)]

use samara_device_io::mmio::{ReadWrite, Register, WriteError};
use samara_device_io::pci::NotIdle;
use samara_device_io::queue::{QueueError, QueueFault, SubmitError};
use samara_device_tables::Nvme;
use samara_host_std as _;
use samara_rref::RRef;
use samara_testkit::nvme_emulator::{NvmeEmulator, Shape};

use fixture::{Disk, NOTHING, admin, enable, enabled, namespace};

#[path = "../fixtures/nvme.rs"]
mod fixture;

const CC: Register<Nvme, u32, ReadWrite> = Register::at(0, 0x14);

fn emulator(flr: bool) -> &'static NvmeEmulator {
    NvmeEmulator::leak(Shape {
        flr,
        ..Shape::default()
    })
}

/// The memory of an earlier claim's admin queues has other owners by now.
///
/// Invariant: DEV-14
#[test]
fn a_device_does_not_keep_an_earlier_claims_queues() {
    for (flr, is_running) in [(false, true), (false, false), (true, false)] {
        let emulator = emulator(flr);
        let slot = emulator.slot();
        let first = slot.claim().unwrap();
        let mut stale = enabled(&first);
        let words = [0, 1, 0, 0, 0, 0, 0];
        stale.submit::<{ Nvme::IDENTIFY }>(&first, words).unwrap();
        if !is_running {
            // The addresses stay in the controller's registers.
            first.reset().unwrap();
        }
        drop(first);
        assert!(!emulator.is_bus_master());

        let second = slot.claim().unwrap();
        assert_eq!(emulator.is_ready(), is_running);
        assert_eq!(second.enable_bus_master(), Err(NotIdle));
        second.reset().unwrap();
        second.enable_bus_master().unwrap();
        assert_eq!(second.update(CC, 1, 1), Err(WriteError::Forbidden));
        assert_eq!(second.write(CC, 1), Err(WriteError::Forbidden));
        assert_eq!(stale.start(&second, 0), Err(QueueError::Foreign));
        assert_eq!(stale.ring(&second), Err(QueueError::Foreign));
        assert!(
            !emulator.is_ready(),
            "enabled with queues of a claim that is over"
        );
        let mut admin = admin(&second);
        admin.start(&second, 0).unwrap();
        namespace(&second, &mut admin);
        assert_eq!(emulator.counts().stray_accesses, 0);
    }
}

/// A reset clears the queues' addresses. If the queues were not set again before the controller is enabled, it would
/// read commands from address 0.
#[test]
fn queues_are_set_again_after_a_reset() {
    let emulator = emulator(true);
    let function = emulator.slot().claim().unwrap();
    let mut admin = enabled(&function);
    let _ = function.silence();
    function.enable_bus_master().unwrap();
    assert!(!emulator.is_ready());
    let words = [0, 1, 0, 0, 0, 0, 0];
    let not_started = Err(SubmitError::Queue(QueueError::NotStarted));
    let put = admin.submit::<{ Nvme::IDENTIFY }>(&function, words);
    assert_eq!(put, not_started);
    admin.start(&function, 0).unwrap();
    assert!(emulator.is_ready());
    namespace(&function, &mut admin);
    assert_eq!(emulator.counts().stray_accesses, 0);
}

/// If a device got commands that name another function's memory, that memory would be released while the device can
/// still access it.
#[test]
fn a_device_gets_only_its_own_functions_commands() {
    let (one, other) = (emulator(true), emulator(true));
    let (one, other) = (one.slot().claim().unwrap(), other.slot().claim().unwrap());
    let (mut first, mut second) = (Disk::up(&one), Disk::up(&other));
    assert_eq!(one.epoch(), other.epoch());

    let buffer = RRef::<[u8]>::new_zeroed_slice(4096).unwrap();
    let transfer = one.begin(buffer).unwrap();
    assert_eq!(
        second.read(&other, 0, (&transfer, 0, 4096)),
        Err(SubmitError::OutOfBounds),
        "a buffer of the other function"
    );
    let foreign = Err(SubmitError::Queue(QueueError::Foreign));
    assert_eq!(
        first.read(&other, 0, (&transfer, 0, 4096)),
        foreign,
        "a command of the other function"
    );
    assert_eq!(
        first.admin.submit::<{ Nvme::IDENTIFY }>(&other, NOTHING),
        foreign
    );
    let transfer = other.finish(transfer).unwrap_err().transfer;
    drop(one.finish(transfer).unwrap());

    assert_eq!(
        second
            .admin
            .create::<{ Nvme::CREATE_COMPLETION }, { Nvme::IO }>(&other, NOTHING, &mut first.io),
        foreign,
        "queues in the other function's memory"
    );
    let foreign = Err(QueueError::Foreign);
    assert_eq!(first.admin.start(&other, 0), foreign);
    assert_eq!(first.admin.ring(&other), foreign);
    assert_eq!(
        first.admin.next(&other),
        Err(QueueFault::Unusable(QueueError::Foreign))
    );
    let foreign = SubmitError::Queue(QueueError::Foreign);
    assert_eq!(first.admin.page(&other, 0), Err(foreign));
    other.reset().unwrap();
    assert_eq!(first.admin.start(&other, 0), Err(QueueError::Foreign));
}

/// Silencing ends every transfer, so the buffer comes back, and no command may name it any more.
///
/// Invariant: DEV-9
#[test]
fn a_command_from_before_a_silence_is_not_put() {
    for is_silenced in [true, false] {
        let emulator = emulator(true);
        let function = emulator.slot().claim().unwrap();
        let mut disk = Disk::up(&function);
        let buffer = RRef::<[u8]>::new_zeroed_slice(4096).unwrap();
        let transfer = function.begin(buffer).unwrap();
        disk.read(&function, 0, (&transfer, 0, 4096)).unwrap();
        if is_silenced {
            let _ = function.silence();
        } else {
            function.reset().unwrap();
        }
        let buffer = function.finish(transfer).unwrap();
        assert_eq!(disk.io.ring(&function), Err(QueueError::NotStarted));
        let transfer = function.begin(buffer).unwrap();
        assert_eq!(
            disk.read(&function, 0, (&transfer, 0, 4096)),
            Err(SubmitError::Queue(QueueError::NotStarted)),
            "a command for a buffer that was given back"
        );
        drop(function.finish(transfer).unwrap());
        // The earlier command is not executed when the queues run again.
        disk.up_again(&function);
        disk.io.ring(&function).unwrap();
        assert_eq!(disk.io.next(&function), Ok(None));
        assert_eq!(emulator.counts().io_commands, 0);
        assert_eq!(emulator.counts().stray_accesses, 0);
    }
}

/// An enabled controller keeps its own positions in its queues. If the engine set such a queue up again, the two
/// sides' positions would differ.
#[test]
fn running_queues_are_not_restarted() {
    let emulator = emulator(true);
    let function = emulator.slot().claim().unwrap();
    let mut disk = Disk::up(&function);
    assert_eq!(disk.admin.start(&function, 0), Err(QueueError::Started));
    let (admin, io) = (&mut disk.admin, &mut disk.io);
    let again = [
        admin.create::<{ Nvme::CREATE_COMPLETION }, { Nvme::IO }>(&function, NOTHING, io),
        admin.create::<{ Nvme::CREATE_SUBMISSION }, { Nvme::IO }>(&function, NOTHING, io),
    ];
    assert_eq!(again, [Err(SubmitError::Queue(QueueError::Started)); 2]);
    // Even a queue that the device has deleted can be created again only after a reset.
    let words = [0, 1, 0, 0, 0, 0, 0];
    let deleted = fixture::execute(&function, admin, |admin| {
        admin.submit::<{ Nvme::DELETE_SUBMISSION }>(&function, words)
    });
    assert_eq!(deleted.status, 0);
    let again = admin.create::<{ Nvme::CREATE_SUBMISSION }, { Nvme::IO }>(&function, NOTHING, io);
    assert_eq!(again, Err(SubmitError::Queue(QueueError::Started)));
    enable(&function, admin);
    fixture::create(&function, admin, io);
}
