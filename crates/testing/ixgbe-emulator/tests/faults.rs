//! Tests of injected faults, as a driver sees them.

mod support;

use std::num::NonZeroU32;

use samara_ixgbe_emulator::registers::{bits, offset as at};
use samara_ixgbe_emulator::{Faults, Loop, WriteBack};
use support::{Machine, frame};

fn up(link: Loop) -> Machine {
    let mut machine = Machine::new(link);
    machine.bring_up(1);
    machine
}

fn with(change: impl FnOnce(&mut Faults)) -> Faults {
    let mut faults = Faults::default();
    change(&mut faults);
    faults
}

#[test]
fn write_back_is_delayed() {
    let mut machine = up(Loop::open());
    let steps = NonZeroU32::new(3).expect("not zero");
    machine
        .nic
        .inject(with(|f| f.write_back = WriteBack::Delayed(steps)));
    let place = machine.send(0, &frame(60, 1));
    for _ in 0..3 {
        assert_eq!(machine.step(), samara_ixgbe_emulator::Progress::More);
        assert_eq!(machine.load(place + 8) >> 32 & 1, 0);
        assert_eq!(machine.interrupts.raised[0], 0);
    }
    machine.settle();
    assert_eq!(machine.load(place + 8) >> 32 & 1, 1);
    assert_eq!(machine.interrupts.raised[0], 1);
    assert_eq!(machine.link.outbound.len(), 1);
}

#[test]
fn write_back_is_lost_or_corrupted() {
    let mut machine = up(Loop::open());
    machine.nic.inject(with(|f| f.write_back = WriteBack::Lost));
    let place = machine.send(0, &frame(60, 1));
    machine.settle();
    assert_eq!(machine.load(place + 8) >> 32 & 1, 0);
    let flip = [0, 0xffff << 32];
    machine
        .nic
        .inject(with(|f| f.write_back = WriteBack::Corrupted(flip)));
    machine.link.inbound.push_back(frame(60, 1));
    machine.settle();
    let length = machine.load(Machine::rx_ring(0) + 8) >> 32 & 0xffff;
    assert_eq!(length, 0xffff ^ 60, "a driver must check lengths");
}

#[test]
fn write_back_is_reordered() {
    let mut machine = up(Loop::open());
    machine
        .nic
        .inject(with(|f| f.write_back = WriteBack::Reordered));
    let first = machine.send(0, &frame(60, 1));
    let second = machine.send(0, &frame(60, 2));
    // The seventh access fails. Four accesses read the packets, and two write the later descriptor back. So the
    // write-back of the earlier descriptor fails, because it comes last.
    machine.nic.inject(with(|f| {
        f.write_back = WriteBack::Reordered;
        f.dma_error_every = NonZeroU32::new(7);
    }));
    machine.settle();
    let done = [first, second].map(|place| machine.load(place + 8) >> 32 & 1);
    assert_eq!(
        done,
        [0, 1],
        "the later one is done, the earlier one is not"
    );
    assert_eq!(machine.nic.drops().write_back_error, 1);
}

#[test]
fn dma_errors_drop_packets_and_are_reported() {
    let mut machine = up(Loop::open());
    machine.read(at::EICR);
    machine
        .nic
        .inject(with(|f| f.dma_error_every = NonZeroU32::new(3)));
    for i in 0..30 {
        machine.send(0, &frame(60, i));
    }
    machine.settle();
    let sent = machine.link.outbound.len();
    assert!(sent < 30 && machine.nic.drops().tx_dma_error > 0);
    assert_eq!(
        machine.read(at::EICR) & bits::EICR_PCI_EXCEPTION,
        bits::EICR_PCI_EXCEPTION
    );
    machine.nic.inject(Faults::default());
    // The device may have missed the last descriptor of a packet. Then the next frame is lost as the end of that
    // packet.
    machine.send(0, &frame(60, 98));
    machine.send(0, &frame(60, 99));
    machine.settle();
    assert!(machine.link.outbound.len() > sent);
    assert_eq!(machine.link.outbound.back(), Some(&frame(60, 99)));
}

#[test]
fn a_removed_device_reads_as_ones() {
    let mut machine = up(Loop::closed());
    machine.nic.inject(with(|f| f.removed = true));
    assert_eq!(machine.read(at::STATUS), u32::MAX);
    let mut id = [0; 4];
    machine.nic.config_read(0, &mut id);
    assert_eq!(id, [0xff; 4]);
    let place = machine.send(0, &frame(60, 1));
    machine.settle();
    assert_eq!(machine.load(place + 8) >> 32 & 1, 0);
}

#[test]
fn the_link_flaps() {
    let mut machine = up(Loop::closed());
    for _ in 0..3 {
        machine.nic.inject(with(|f| f.link_down = true));
        machine.settle();
        assert_eq!(machine.read(at::LINKS) & bits::LINKS_UP, 0);
        machine.nic.inject(Faults::default());
        machine.settle();
        assert_eq!(machine.read(at::LINKS) & bits::LINKS_UP, bits::LINKS_UP);
    }
}

#[test]
fn keeps_writing_ends_with_bus_mastering() {
    let mut machine = up(Loop::open());
    machine.nic.inject(with(|f| f.keeps_writing = true));
    machine.set(at::CTRL, bits::CTRL_RESET);
    machine.link.inbound.push_back(frame(60, 7));
    machine.settle();
    let (bytes, _) = machine.receive(0).expect("it wrote though it was reset");
    assert_eq!(bytes, frame(60, 7));

    machine.nic.config_write(4, &[0, 0]);
    let before = machine.memory.bytes().to_vec();
    machine.link.inbound.push_back(frame(60, 8));
    machine.settle();
    assert!(
        machine.memory.bytes() == before,
        "without bus mastering it cannot"
    );
}

#[test]
fn a_sound_device_writes_nothing_after_reset() {
    let mut machine = up(Loop::open());
    machine.set(at::CTRL, bits::CTRL_RESET);
    let before = machine.memory.bytes().to_vec();
    machine.link.inbound.push_back(frame(60, 7));
    machine.settle();
    assert!(machine.memory.bytes() == before);
}
