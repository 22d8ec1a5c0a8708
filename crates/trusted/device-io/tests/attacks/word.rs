//! A driver tries to end a command that the device still has, or to announce entries that were not put. It makes each
//! call that could do so.
#![forbid(unsafe_code)]

use samara_device_io::queue::{Pair, QueueError};
use samara_device_io::table::Direction;
use samara_device_tables::Nvme;
use samara_host_std as _;
use samara_ixgbe_emulator::Loop;
use samara_rref::{RRef, RRefDeque};
use samara_testkit::ixgbe_bus::IxgbeBus;
use samara_testkit::nvme_emulator::{NvmeEmulator, Shape};
use samara_testkit::virtio_emulator::{self, VirtioEmulator};

use nvme::{Disk, NOTHING};

#[path = "../fixtures/ixgbe.rs"]
mod ixgbe;
#[path = "../fixtures/nvme.rs"]
mod nvme;
#[path = "../fixtures/virtio.rs"]
mod virtio;

fn buffer(bytes: usize) -> RRef<[u8]> {
    RRef::new_zeroed_slice(bytes).unwrap()
}

/// Forgets a handle, as a driver may.
fn gone<T>(_: T) {}

/// Invariant: DEV-9
#[test]
fn no_call_ends_a_command_that_the_device_has() {
    let emulator = NvmeEmulator::leak(Shape::default());
    let function = emulator.slot().claim().unwrap();
    let mut disk = Disk::up(&function);
    emulator.switch(|switches| switches.hang = true);
    let mut transfer = function.begin(buffer(4096)).unwrap();
    disk.read(&function, 0, (&transfer, 0, 4096)).unwrap();
    disk.io.ring(&function).unwrap();
    for _ in 0..3 {
        assert_eq!(disk.io.next(&function), Ok(None));
        transfer = function.finish(transfer).unwrap_err().transfer;
        disk.io.ring(&function).unwrap();
        let _ = disk.io.start(&function, 0);
        let _ = disk.admin.start(&function, 0);
        let (admin, io) = (&mut disk.admin, &mut disk.io);
        let _ = admin.create::<{ Nvme::CREATE_SUBMISSION }, { Nvme::IO }>(&function, NOTHING, io);
        transfer = function.finish(transfer).unwrap_err().transfer;
    }
    // The deletion of a queue does not end the queue's commands.
    let words = [0, 1, 0, 0, 0, 0, 0];
    nvme::execute(&function, &mut disk.admin, |admin| {
        admin.submit::<{ Nvme::DELETE_SUBMISSION }>(&function, words)
    });
    transfer = function.finish(transfer).unwrap_err().transfer;
    gone(disk);
    transfer = function.finish(transfer).unwrap_err().transfer;
    let again = Pair::<Nvme, { Nvme::IO }>::new(&function, 1, 8);
    assert_eq!(again.err(), Some(QueueError::Taken));
    transfer = function.finish(transfer).unwrap_err().transfer;
    function.reset().unwrap();
    drop(function.finish(transfer).unwrap());
}

/// If a driver could ring a doorbell without a new entry, the device would execute old entries again and write into
/// buffers that were given back.
///
/// Invariant: DEV-12
#[test]
fn a_doorbell_is_rung_for_what_was_put() {
    let emulator = NvmeEmulator::leak(Shape::default());
    let function = emulator.slot().claim().unwrap();
    let mut disk = Disk::up(&function);
    // Three times around the queue of eight.
    for count in 1..=24 {
        disk.io.ring(&function).unwrap();
        assert_eq!(disk.io.next(&function), Ok(None));
        let transfer = function.begin(buffer(512)).unwrap();
        disk.read(&function, 0, (&transfer, 0, 512)).unwrap();
        for _ in 0..3 {
            disk.io.ring(&function).unwrap();
        }
        assert!(disk.io.next(&function).unwrap().is_some());
        drop(function.finish(transfer).unwrap());
        let counts = emulator.counts();
        assert_eq!((counts.io_commands, counts.bad_doorbells), (count, 0));
    }
}

/// Invariant: DEV-9
#[test]
fn no_call_ends_a_chain_that_the_device_has() {
    let emulator = VirtioEmulator::leak(virtio_emulator::Shape::BLOCK);
    let function: virtio::Disk = emulator.slot().claim().unwrap();
    virtio::negotiate(&function);
    let mut queue = virtio::Requests::new(&function, 0, 16).unwrap();
    queue.start(&function, 0xFFFF).unwrap();
    virtio::go(&function);
    emulator.switch(|switches| switches.hang = true);
    let mut transfer = function.begin(buffer(512)).unwrap();
    virtio::read(&mut queue, &function, &transfer, 0).unwrap();
    queue.ring(&function).unwrap();
    for _ in 0..3 {
        assert_eq!(queue.next(&function), Ok(None));
        queue.ring(&function).unwrap();
        queue.interrupt(&function, true).unwrap();
        let again = queue.start(&function, 0xFFFF);
        assert_eq!(again, Err(QueueError::Started));
        transfer = function.finish(transfer).unwrap_err().transfer;
    }
    assert_eq!((queue.held(), emulator.counts().chains), (1, 1));
    gone(queue);
    let again = virtio::Requests::new(&function, 0, 16);
    assert_eq!(again.err(), Some(QueueError::Taken));
    transfer = function.finish(transfer).unwrap_err().transfer;
    function.reset().unwrap();
    drop(function.finish(transfer).unwrap());
    assert_eq!(emulator.counts().stray_accesses, 0);
}

/// Invariant: DEV-22
#[test]
fn no_call_takes_a_packet_that_the_device_has() {
    let emulator = VirtioEmulator::leak(virtio_emulator::Shape::NET);
    let function: virtio::Nic = emulator.slot().claim().unwrap();
    virtio::negotiate(&function);
    let mut queue = virtio::Rx::new(&function, 0, 16).unwrap();
    queue.start(&function, 0xFFFF).unwrap();
    virtio::go(&function);
    let mut put = |byte| {
        let packet = RRef::new([byte; 2048]);
        let put = queue.put(&function, &[0; 16], Direction::ToHost, packet, ixgbe::all);
        put.is_ok()
    };
    // Some chains always stay free.
    assert!((0..6).all(&mut put) && !put(9));
    queue.ring(&function).unwrap();
    for _ in 0..3 {
        assert!(queue.next(&function).unwrap().is_none());
        assert_eq!(queue.take_back(&function).err(), Some(QueueError::Started));
        let again = queue.start(&function, 0xFFFF);
        assert_eq!(again, Err(QueueError::Started));
        queue.ring(&function).unwrap();
    }
    assert_eq!((queue.held(), queue.room()), (6, 0));
    assert!(emulator.receive(&[0xFF; 60]));
    let (packet, _) = queue.next(&function).unwrap().unwrap();
    assert_eq!((packet[59], packet[60]), (0xFF, 0));
    assert!(queue.next(&function).unwrap().is_none());
    function.reset().unwrap();
    let back = std::iter::from_fn(|| queue.take_back(&function).unwrap());
    assert_eq!(back.count(), 5);
    // The device receives nothing more into packets that have come back.
    assert!(!emulator.receive(&[0xFF; 60]));
    assert_eq!(emulator.counts().stray_accesses, 0);
}

/// Invariant: DEV-22
#[test]
fn no_call_takes_a_descriptor_that_the_device_has() {
    // RDT of queue 0 (section 8.2.3.8.6).
    const TAIL: usize = 0x1018;
    let bus = IxgbeBus::leak(Loop::closed());
    let function = ixgbe::up(bus, bus.slot());
    let mut rx = ixgbe::rx(&function, 0);
    rx.start(&function, 0).unwrap();
    let mut receiving = rx.open(&function).unwrap();
    for _ in 0..4 {
        receiving.put(ixgbe::packet(0), ixgbe::all).unwrap();
    }
    receiving.publish();
    bus.settle();
    let writes = bus.writes(TAIL);
    let mut batch = RRefDeque::<ixgbe::Packet, 4>::new();
    batch.push_back(ixgbe::packet(1)).unwrap();
    for _ in 0..3 {
        assert!(receiving.done().is_none() && receiving.take().is_none());
        assert!(receiving.take_back().is_none());
        let traded = receiving.trade(&mut batch, |_, _, _| true, ixgbe::all);
        assert_eq!(traded, 0);
        receiving.publish();
        assert!(!receiving.is_out_of_order());
    }
    // Nothing was put since.
    assert_eq!(bus.writes(TAIL), writes);
    drop(receiving);
    assert_eq!(rx.start(&function, 0), Err(QueueError::Started));
    assert_eq!(rx.held(), 4);
    gone(rx);
    let again = ixgbe::RxRing::new(&function, 0, 8, 2048);
    assert_eq!(again.err(), Some(QueueError::Taken));
    assert_eq!(bus.strays(), 0);
}
