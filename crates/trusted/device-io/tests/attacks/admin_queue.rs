//! Attacks that try to put an I/O command into an admin queue. In an admin queue, the operation code of `Read` (02h)
//! means `Get Log Page`, and the upper half of the first block's number says how many dwords the controller writes.
//! The operation code of `Write` (01h) makes the controller create a queue in the buffer.
//!
//! To put a command of one kind of queue into a queue of another kind does not compile: see
//! [`Pair::submit`](samara_device_io::queue::Pair::submit) and the other calls. These tests make the calls that
//! compile and come nearest to such a command.
#![forbid(unsafe_code)]

use samara_device_io::queue::{Pair, QueueError, SubmitError};
use samara_device_tables::Nvme;
use samara_host_std as _;
use samara_rref::RRef;
use samara_testkit::nvme_emulator::{NvmeEmulator, Shape};

use fixture::{Admin, Disk, Function, NOTHING};

#[path = "../fixtures/nvme.rs"]
mod fixture;

/// In an admin queue, a read of block 5 would fetch log page 5, and a read of block 03FF_0005h would fetch 4 KiB of
/// that page. The driver's buffer has only 512 bytes.
///
/// Invariant: DEV-27
#[test]
fn no_io_command_gets_into_an_admin_queue() {
    let emulator = NvmeEmulator::leak(Shape::default());
    let function = emulator.slot().claim().unwrap();
    let mut disk = Disk::up(&function);
    let buffer = RRef::<[u8]>::new_zeroed_slice(512).unwrap();
    let transfer = function.begin(buffer).unwrap();
    disk.read(&function, 0x03FF_0005, (&transfer, 0, 512))
        .unwrap();

    // The I/O queue can't be started as an admin queue, neither now nor after a reset.
    assert_eq!(disk.io.start(&function, 0), Err(QueueError::NotStarted));
    function.reset().unwrap();
    assert_eq!(disk.io.start(&function, 0), Err(QueueError::NotStarted));
    assert_eq!(
        Pair::<Nvme, { Nvme::IO }>::new(&function, 0, 8).err(),
        Some(QueueError::NoSuchQueue)
    );
    assert_eq!(
        Admin::new(&function, 1, 8).err(),
        Some(QueueError::NoSuchQueue)
    );
    assert_eq!(Admin::new(&function, 0, 8).err(), Some(QueueError::Taken));
    disk.up_again(&function);
    assert_eq!(emulator.counts().io_commands, 0);
    assert_eq!(emulator.counts().stray_accesses, 0);
}

/// If a call that takes no buffer put a command that transfers data, the command's data pointers would be zero.
///
/// Invariant: DEV-27
#[test]
fn each_call_puts_commands_of_its_own_kind_only() {
    let emulator = NvmeEmulator::leak(Shape::default());
    let function = emulator.slot().claim().unwrap();
    let mut disk = Disk::up(&function);
    let buffer = RRef::<[u8]>::new_zeroed_slice(512).unwrap();
    let transfer = function.begin(buffer).unwrap();
    let part = (&transfer, 0, 512);
    let (admin, io, unit) = (&mut disk.admin, &mut disk.io, &disk.unit);
    let refused = [
        io.submit::<{ Nvme::READ }>(&function, NOTHING),
        io.submit::<{ Nvme::WRITE }>(&function, NOTHING),
        io.transfer::<{ Nvme::FLUSH }>(&function, NOTHING, unit, part),
        admin.submit::<{ Nvme::CREATE_COMPLETION }>(&function, NOTHING),
        admin.submit::<{ Nvme::CREATE_SUBMISSION }>(&function, NOTHING),
        admin.transfer::<{ Nvme::IDENTIFY }>(&function, NOTHING, unit, part),
    ];
    assert_eq!(refused, [Err(SubmitError::Forbidden); 6]);
    assert_eq!((admin.in_flight(), io.in_flight()), (0, 0));
    drop(function.finish(transfer).unwrap());
}

/// Puts one command with the words that a driver chose.
type Put = fn(&mut Disk, &Function, [u32; 7]) -> Result<(), SubmitError>;

/// For each command, the bits that drivers may choose, word by word.
const COMMANDS: &[(Put, [u32; 7])] = &[
    (
        |disk, function, words| {
            let put = disk.admin.submit::<{ Nvme::IDENTIFY }>(function, words);
            put.map(|_| ())
        },
        [u32::MAX, 0xFF, 0xFF00_0000, 0, 0, 0, 0],
    ),
    (
        |disk, function, words| {
            let put = disk
                .admin
                .submit::<{ Nvme::IDENTIFY_NAMESPACE }>(function, words);
            put.map(|_| ())
        },
        [u32::MAX, 0, 0, 0, 0, 0, 0],
    ),
    (
        |disk, function, words| {
            let put = disk.admin.submit::<{ Nvme::SET_QUEUES }>(function, words);
            put.map(|_| ())
        },
        [0, 0, u32::MAX, 0, 0, 0, 0],
    ),
    (
        |disk, function, words| {
            let put = disk
                .admin
                .submit::<{ Nvme::DELETE_SUBMISSION }>(function, words);
            put.map(|_| ())
        },
        [0, 0xFFFF, 0, 0, 0, 0, 0],
    ),
    (
        |disk, function, words| {
            let (admin, io) = (&mut disk.admin, &mut disk.io);
            let put =
                admin.create::<{ Nvme::CREATE_COMPLETION }, { Nvme::IO }>(function, words, io);
            put.map(|_| ())
        },
        [0, 0, 0xFFFF_0002, 0, 0, 0, 0],
    ),
    (
        |disk, function, words| {
            let (admin, io) = (&mut disk.admin, &mut disk.io);
            let put =
                admin.create::<{ Nvme::CREATE_SUBMISSION }, { Nvme::IO }>(function, words, io);
            put.map(|_| ())
        },
        [0; 7],
    ),
    (
        |disk, function, words| {
            let put = disk.io.submit::<{ Nvme::FLUSH }>(function, words);
            put.map(|_| ())
        },
        [u32::MAX, 0, 0, 0, 0, 0, 0],
    ),
];

/// Other bits would choose log pages, lengths or other queues. The table decides what a command means.
///
/// Invariant: DEV-27
#[test]
fn a_driver_chooses_no_bit_that_the_table_has_fixed() {
    let function = NvmeEmulator::leak(Shape::default()).slot().claim().unwrap();
    let mut disk = Disk::up(&function);
    for (command, (put, allowed)) in COMMANDS.iter().enumerate() {
        for bit in 0..7 * 32 {
            let mut words = [0u32; 7];
            words[bit / 32] = 1 << (bit % 32);
            if words[bit / 32] & allowed[bit / 32] == 0 {
                let put = put(&mut disk, &function, words);
                assert_eq!(put, Err(SubmitError::Forbidden), "{command} {bit}");
            }
        }
    }
    let buffer = RRef::<[u8]>::new_zeroed_slice(512).unwrap();
    let transfer = function.begin(buffer).unwrap();
    for bit in 0..7 * 32 {
        let mut words = [0u32; 7];
        words[bit / 32] = 1 << (bit % 32);
        let allowed = [0, u32::MAX, u32::MAX, 0b11 << 30, 0, 0, 0][bit / 32];
        if words[bit / 32] & allowed == 0 {
            let part = (&transfer, 0, 512);
            let put = disk
                .io
                .transfer::<{ Nvme::READ }>(&function, words, &disk.unit, part);
            assert_eq!(put, Err(SubmitError::Forbidden), "{bit}");
        }
    }
    assert_eq!((disk.admin.in_flight(), disk.io.in_flight()), (0, 0));
}
