//! Split virtqueues on emulated devices, without a driver.
#![forbid(unsafe_code)]

#[path = "fixtures/virtio.rs"]
mod virtio;

use samara_device_io::PciFunction;
use samara_device_io::dma::DmaTransfer;
use samara_device_io::pci::{Silenced, StepError};
use samara_device_io::queue::{PacketQueue, QueueError, QueueFault, SubmitError};
use samara_device_io::table::{Direction, Table};
use samara_device_tables::VirtioNet;
use samara_host_std as _;
use samara_rref::RRef;
use samara_shared_heap::heap::census_all;
use samara_testkit::hosted::alone;
use samara_testkit::virtio_emulator::{Misbehaviour, Shape, VirtioEmulator};

use virtio::{Disk, Nic, Requests, go, negotiate};

type Packets<const Q: usize> = PacketQueue<VirtioNet, Q, [u8; 64]>;

/// Puts a read of no blocks, which is a header and a status; the device may refuse it.
fn request(queue: &mut Requests, function: &Disk) -> u16 {
    queue.put(function, &[0; 16], None).unwrap()
}

/// Returns a function that is bus master and whose driver has accepted version 1, and nothing else.
fn negotiated<D: Table>(shape: Shape) -> (&'static VirtioEmulator, PciFunction<D>) {
    let emulator = VirtioEmulator::leak(shape);
    let function = emulator.slot::<D>().claim().unwrap();
    negotiate(&function);
    (emulator, function)
}

/// Returns a working disk, and its queue of `entries` entries.
fn disk_of(shape: Shape, entries: u32) -> (&'static VirtioEmulator, Disk, Requests) {
    let (emulator, function) = negotiated(shape);
    let mut queue = Requests::new(&function, 0, entries).unwrap();
    queue.start(&function, 0xFFFF).unwrap();
    go(&function);
    (emulator, function, queue)
}

fn disk(shape: Shape) -> (&'static VirtioEmulator, Disk, Requests) {
    disk_of(shape, 64)
}

/// Returns a network device, and its started queue of number `Q`.
fn nic<const Q: usize>(entries: u32) -> (&'static VirtioEmulator, Nic, Packets<Q>) {
    let (emulator, function) = negotiated(Shape::NET);
    let mut queue = Packets::new(&function, Q as u16, entries).unwrap();
    queue.start(&function, 0xFFFF).unwrap();
    (emulator, function, queue)
}

#[test]
fn an_unwritten_status_is_all_ones() {
    let _alone = alone();
    let before = census_all();
    let (emulator, function, mut queue) = disk(Shape::BLOCK);
    for (wrong, status) in [(None, 0), (Some(Misbehaviour::NoStatus), 0xFF), (None, 0)] {
        emulator.switch(|switches| switches.next[0].push_back(wrong));
        let number = request(&mut queue, &function);
        queue.ring(&function).unwrap();
        let chain = queue.next(&function).unwrap().unwrap();
        assert_eq!((chain.number, chain.tail[0]), (number, status));
        assert_eq!(chain.tail[1..], [0xFF; 15]);
    }
    assert_eq!(emulator.violations(), []);
    drop(function);
    assert_eq!(census_all(), before);
}

/// Invariant: DEV-19
#[test]
fn chains_are_put_in_turn_also_over_a_reset() {
    let _alone = alone();
    let before = census_all();
    let (emulator, function, mut queue) = disk(Shape::BLOCK);
    // The queue has 21 chains.
    for turn in 0..50 {
        assert_eq!(request(&mut queue, &function), turn % 21);
        queue.ring(&function).unwrap();
        assert_eq!(queue.next(&function).unwrap().unwrap().number, turn % 21);
    }
    negotiate(&function);
    queue.start(&function, 0xFFFF).unwrap();
    assert_eq!(request(&mut queue, &function), 50 % 21);
    assert_eq!(emulator.violations(), []);
    drop(function);
    assert_eq!(census_all(), before);
}

/// Invariant: DEV-19
#[test]
fn a_chain_used_twice_is_not_in_flight() {
    let _alone = alone();
    let before = census_all();
    let (emulator, function, mut queue) = disk(Shape::BLOCK);
    assert_eq!(queue.room(), 16);
    emulator.go_wrong(0, Misbehaviour::Twice);
    emulator.go_wrong(0, Misbehaviour::Silent);
    let first = request(&mut queue, &function);
    request(&mut queue, &function);
    queue.ring(&function).unwrap();
    assert_eq!(queue.next(&function).unwrap().unwrap().number, first);
    // Puts requests until the queue is full.
    while queue.room() > 0 {
        assert_ne!(request(&mut queue, &function), first);
    }
    queue.ring(&function).unwrap();
    let again = QueueFault::Unknown(3 * first);
    assert_eq!(queue.next(&function), Err(again));
    drop(function);
    assert_eq!(census_all(), before);
}

/// A chain has two places for its status, used in turn.
///
/// Invariant: DEV-19
#[test]
fn a_late_status_does_not_reach_the_next_chain() {
    let _alone = alone();
    let before = census_all();
    let shape = Shape {
        queue_size: 8,
        ..Shape::BLOCK
    };
    let (emulator, function, mut queue) = disk_of(shape, 8);
    assert_eq!(queue.room(), 1);
    emulator.go_wrong(0, Misbehaviour::Again(2));
    for number in [0, 1] {
        assert_eq!(request(&mut queue, &function), number);
        queue.ring(&function).unwrap();
        assert_eq!(queue.next(&function).unwrap().unwrap().tail[0], 0);
    }
    emulator.go_wrong(0, Misbehaviour::Silent);
    assert_eq!(request(&mut queue, &function), 0);
    queue.ring(&function).unwrap();
    emulator.tick(4);
    let chain = queue.next(&function).unwrap().unwrap();
    assert_eq!(chain.tail[0], 0xFF, "the first one's status");
    drop(function);
    assert_eq!(census_all(), before);
}

/// A used element names a chain of which the device was not told yet. If that ended the chain, the device would later
/// read it and find memory that is in other use.
#[test]
fn an_unannounced_chain_is_not_used() {
    let _alone = alone();
    let before = census_all();
    let latency = 1;
    let (emulator, function, mut queue) = disk(Shape {
        latency,
        ..Shape::BLOCK
    });
    // Each chain has three descriptors, so the second one begins at the fourth.
    emulator.go_wrong(0, Misbehaviour::Id(3));
    assert_eq!(request(&mut queue, &function), 0);
    queue.ring(&function).unwrap();
    assert_eq!(request(&mut queue, &function), 1);
    emulator.tick(1);
    assert_eq!(queue.next(&function), Err(QueueFault::Unknown(3)));
    drop(function);
    assert_eq!(census_all(), before);
}

#[test]
fn the_length_of_a_read_only_chain_is_ignored() {
    let _alone = alone();
    let before = census_all();
    let (emulator, function, mut queue) = nic::<{ VirtioNet::TX }>(64);
    go(&function);
    for length in [0, 64, 76, u32::MAX] {
        emulator.go_wrong(1, Misbehaviour::Length(length));
        let packet = RRef::new([7; 64]);
        queue
            .put(&function, &[0; 16], Direction::ToDevice, packet, |it| it)
            .unwrap();
        assert_eq!(queue.has_used(&function), Ok(false));
        queue.ring(&function).unwrap();
        assert_eq!(queue.has_used(&function), Ok(true));
        let (packet, used) = queue.next(&function).unwrap().unwrap();
        assert_eq!((*packet, used.written), ([7; 64], 0));
    }
    assert_eq!(emulator.violations(), []);
    drop(function);
    assert_eq!(census_all(), before);
}

#[test]
fn a_queue_whose_packets_were_taken_back_holds_none() {
    let _alone = alone();
    let before = census_all();
    let (_, function, mut queue) = nic::<{ VirtioNet::RX }>(16);
    let room = queue.room();
    for _ in 0..3 {
        let packet = RRef::new([7; 64]);
        queue
            .put(&function, &[0; 16], Direction::ToHost, packet, |it| it)
            .unwrap();
    }
    function.reset().unwrap();
    for left in [2, 1, 0] {
        assert!(queue.take_back(&function).unwrap().is_some());
        assert_eq!((queue.held(), queue.room()), (left, room - left));
    }
    assert!(queue.take_back(&function).unwrap().is_none());
    drop(function);
    assert_eq!(census_all(), before);
}

/// While the device's status is 0, the device looks idle even if a queue is enabled. So the queue's memory could be
/// released, and the queue would use it as soon as the device is set to work.
#[test]
fn a_device_without_a_status_gets_no_queue() {
    let _alone = alone();
    let before = census_all();
    let emulator = VirtioEmulator::leak(Shape {
        express: false,
        ..Shape::NET
    });
    emulator.switch(|switches| (switches.enables_early, switches.polls) = (true, true));
    let function = emulator.slot::<VirtioNet>().claim().unwrap();
    function.reset().unwrap();
    function.enable_bus_master().unwrap();
    let mut queue = Packets::<{ VirtioNet::RX }>::new(&function, 0, 16).unwrap();
    let early = QueueError::Step(StepError::State);
    assert_eq!(queue.start(&function, 0xFFFF), Err(early));
    assert_eq!(function.silence(), Silenced::BusMasterOff);
    drop(function);
    assert_eq!(census_all(), before);
}

/// The device must not write a lent buffer, because its lender may read the buffer meanwhile.
#[test]
fn a_lent_buffer_is_not_written() {
    let _alone = alone();
    let before = census_all();
    let (emulator, function, mut queue) = disk(Shape::BLOCK);
    let data = RRef::<[u8]>::new_zeroed_slice(512).unwrap();
    let mut put = |transfer: &DmaTransfer, direction| {
        queue.put(&function, &[0; 16], Some((transfer, 0, 512, direction)))
    };
    let written = function.lend(&data, |transfer| put(transfer, Direction::ToHost));
    assert_eq!(written.unwrap(), Err(SubmitError::ReadOnlyBuffer));
    let transfer = function.begin(data).unwrap();
    assert!(put(&transfer, Direction::ToHost).is_ok());
    assert_eq!(emulator.violations(), []);
    drop(function);
    assert_eq!(census_all(), before);
}

/// If the queue restarted, later requests would reuse the chains of its packets, and with them the slots that pin
/// these packets.
#[test]
fn a_queue_with_packets_does_not_restart() {
    let _alone = alone();
    let before = census_all();
    let (_, function, mut queue) = nic::<{ VirtioNet::RX }>(16);
    let packet = RRef::new([7; 64]);
    queue
        .put(&function, &[0; 16], Direction::ToHost, packet, |it| it)
        .unwrap();
    function.reset().unwrap();
    assert_eq!(queue.start(&function, 0xFFFF), Err(QueueError::NotEmpty));
    assert_eq!(queue.held(), 1);
    drop(function);
    assert_eq!(census_all(), before);
}

#[test]
fn a_device_writes_no_more_than_a_chain_has() {
    let _alone = alone();
    let before = census_all();
    let (emulator, function, mut queue) = disk(Shape::BLOCK);
    emulator.go_wrong(0, Misbehaviour::Length(17));
    request(&mut queue, &function);
    queue.ring(&function).unwrap();
    // In this request the device may write only the status, which is one byte.
    assert_eq!(queue.next(&function), Err(QueueFault::Length(17)));
    drop(function);
    assert_eq!(census_all(), before);
}
