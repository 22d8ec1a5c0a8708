//! Tests of the device inside the test's process, with the hand-written driver of `support`.

mod support;

use samara_ixgbe_emulator::registers::{bits, offset as at};
use samara_ixgbe_emulator::{Loop, Notice};
use support::{Machine, RING, data, frame};

#[test]
fn packets_come_back_whole_and_in_order() {
    let mut machine = Machine::new(Loop::closed());
    machine.bring_up(1);
    for round in 0..500u32 {
        let sent: Vec<_> = (0..5)
            .map(|i| frame(60 + (round as usize * 7 + i) % 1454, round as u8))
            .collect();
        let places: Vec<_> = sent.iter().map(|frame| machine.send(0, frame)).collect();
        machine.settle();
        for place in places {
            assert_eq!(machine.load(place + 8) >> 32 & 1, 1, "DD of round {round}");
        }
        for frame in sent {
            let (bytes, _) = machine.receive(0).expect("a packet");
            assert_eq!(bytes, frame);
        }
        assert!(machine.receive(0).is_none());
    }
    assert_eq!(machine.read(at::GPTC), 2500);
    assert_eq!(machine.read(at::GPRC), 2500);
    assert_eq!(machine.read(at::GPRC), 0, "cleared by reading");
    assert_eq!(machine.read(at::BPRC), 2500);
    assert_eq!(machine.read(at::GORCL), machine.read(at::GOTCL));
    assert!(machine.interrupts.raised[0] >= 500);
    assert_eq!(machine.nic.drops(), Default::default());
}

#[test]
fn a_long_packet_takes_several_descriptors() {
    let mut machine = Machine::new(Loop::closed());
    machine.bring_up(1);
    machine.write(at::MAXFRS, 9018 << 16);
    machine.set(at::HLREG0, bits::HLREG0_JUMBO);
    let long = frame(9014, 3);
    machine.send(0, &long);
    machine.settle();
    let (bytes, _) = machine.receive(0).expect("a packet");
    assert_eq!(bytes, long);
    assert_eq!(machine.rx_next[0], 5);
    machine.send(0, &frame(9015, 3));
    machine.settle();
    assert!(machine.receive(0).is_none());
    assert_eq!(machine.read(at::ROC), 1);
}

#[test]
fn without_descriptors_packets_wait_or_drop() {
    let mut machine = Machine::new(Loop::open());
    machine.bring_up(1);
    machine.link.inbound.extend((0..100).map(|i| frame(60, i)));
    machine.settle();
    let mut seen: u8 = 0;
    while let Some((bytes, _)) = machine.receive(0) {
        assert_eq!(bytes, frame(60, seen));
        seen += 1;
        machine.settle();
    }
    assert_eq!(seen, 100, "they waited in the packet buffer");

    machine.set(at::rx_queue(0) + at::QUEUE_SRRCTL, bits::SRRCTL_DROP);
    machine.link.inbound.extend((0..100).map(|i| frame(60, i)));
    machine.settle();
    assert_eq!(machine.read(at::QPRDC), 100 - (RING - 1));
    assert_eq!(machine.nic.drops().rx_no_descriptor, 37);

    let block = at::rx_queue(0) + at::QUEUE_SRRCTL;
    machine.write(block, 2 | 1 << 25);
    machine
        .link
        .inbound
        .extend((0..500).map(|i| frame(1514, i as u8)));
    machine.settle();
    assert!(
        machine.read(at::MPC) > 0,
        "512 KiB of packet buffer overrun"
    );
}

#[test]
fn the_queues_interrupt_their_vectors() {
    let mut machine = Machine::new(Loop::closed());
    machine.bring_up(2);
    machine.send(1, &frame(60, 1));
    machine.settle();
    // Transmit queue 1 has raised vector 1. The frame came back through receive queue 0, which has raised vector 0.
    assert_eq!(machine.interrupts.raised[..3], [1, 1, 0]);
    machine.write(at::EIMC, 1);
    machine.send(1, &frame(60, 1));
    machine.settle();
    assert_eq!(machine.interrupts.raised[..3], [1, 2, 0]);
    machine.write(at::EIMS, 1);
    machine.settle();
    assert_eq!(machine.interrupts.raised[..3], [2, 2, 0]);
}

#[test]
fn throttled_vectors_wait_for_the_clock() {
    let mut machine = Machine::new(Loop::closed());
    machine.bring_up(1);
    // 100 units of 2.048 us.
    machine.write(at::EITR, 100 << 3);
    for _ in 0..3 {
        machine.send(0, &frame(60, 1));
        machine.settle();
    }
    assert_eq!(machine.interrupts.raised[0], 1);
    let deadline = machine.nic.next_deadline().expect("one waits");
    assert_eq!(deadline, 204_800);
    machine.nic.advance(deadline);
    machine.settle();
    assert_eq!(machine.interrupts.raised[0], 2);
    assert_eq!(machine.nic.next_deadline(), None);
}

#[test]
fn the_head_is_written_back_where_asked() {
    let mut machine = Machine::new(Loop::open());
    machine.bring_up(1);
    let place = Machine::tx_buffer(60);
    let block = at::tx_queue(0);
    machine.write(
        block + at::QUEUE_HEAD_WB_LOW,
        place as u32 | bits::TDWBAL_ENABLE,
    );
    let descriptor = machine.send(0, &frame(60, 1));
    machine.send(0, &frame(60, 2));
    machine.settle();
    assert_eq!(machine.load(place) as u32, 2);
    assert_eq!(
        machine.load(descriptor + 8) >> 32 & 1,
        0,
        "not written over"
    );
}

#[test]
fn link_change_is_reported() {
    let mut machine = Machine::new(Loop::open());
    machine.bring_up(1);
    machine.write(at::IVAR_MISC, 0x8500);
    machine.read(at::EICR);
    machine.write(at::EIMS, bits::EICR_LINK_CHANGE);
    machine.link.down = true;
    machine.settle();
    assert_eq!(machine.interrupts.raised[5], 1);
    assert_eq!(machine.read(at::LINKS) & bits::LINKS_UP, 0);
    assert_eq!(
        machine.read(at::EICR) & bits::EICR_LINK_CHANGE,
        bits::EICR_LINK_CHANGE
    );
    machine.send(0, &frame(60, 1));
    machine.settle();
    assert!(machine.link.outbound.is_empty());
    assert_eq!(machine.nic.drops().tx_link_down, 1);
    machine.link.down = false;
    machine.settle();
    assert_eq!(machine.interrupts.raised[5], 2);
}

#[test]
fn tags_are_inserted_and_stripped() {
    let mut machine = Machine::new(Loop::closed());
    machine.bring_up(1);
    machine.set(at::rx_queue(0) + at::QUEUE_CONTROL, bits::RXDCTL_VLAN_STRIP);
    let plain = frame(64, 9);
    let buffer = Machine::tx_buffer(0);
    samara_ixgbe_emulator::GuestMemory::write(&mut machine.memory, buffer, &plain).expect("memory");
    // A context with VLAN tag 0x6123, and a packet that asks for the tag.
    machine.push(0, [14 << 9 | 0x6123 << 16, 1 << 29 | 2 << 20]);
    machine.push(0, [buffer, data(64, 64) | 1 << 30]);
    machine.ring_doorbell(0);
    machine.settle();
    let (bytes, words) = machine.receive(0).expect("a packet");
    assert_eq!(bytes, plain);
    assert_eq!(words[1] >> 48, 0x6123);
    assert_eq!(words[1] & 8, 8, "VP");
}

#[test]
fn reset_leaves_nothing_behind_but_the_address() {
    let mut machine = Machine::new(Loop::closed());
    machine.bring_up(2);
    machine.send(0, &frame(60, 1));
    machine.set(at::CTRL, bits::CTRL_RESET);
    machine.settle();
    assert!(machine.receive(0).is_none());
    assert_eq!(machine.read(at::RXCTRL), 0);
    assert_eq!(machine.read(at::GPTC), 0);
    assert_eq!(machine.read(at::RAL), 0x9059_8202);
    assert_eq!(machine.read(at::RAL + 4), 0x8000_0100);
    assert_eq!(machine.read(0x5400), 0x9059_8202, "the alias");
}

#[test]
fn without_bus_mastering_nothing_moves() {
    let mut machine = Machine::new(Loop::closed());
    machine.bring_up(1);
    machine.nic.config_write(4, &[2, 0]);
    let place = machine.send(0, &frame(60, 1));
    machine.settle();
    assert_eq!(machine.load(place + 8) >> 32 & 1, 0);
    machine.nic.config_write(4, &[6, 0]);
    machine.settle();
    assert_eq!(machine.load(place + 8) >> 32 & 1, 1);
    assert!(machine.receive(0).is_some());
}

#[test]
fn pauses_are_requested_and_obeyed() {
    let mut machine = Machine::new(Loop::open());
    machine.bring_up(1);
    machine.write(at::FCCFG, bits::FCCFG_SENDS);
    machine.write(at::FCRTH, bits::FCRTH_ENABLE | 0x8000);
    machine.write(at::FCRTL, bits::FCRTL_SENDS_XON | 0x4000);
    machine.write(at::FCTTV, 0xffff);
    machine.write(at::FCRTV, 0x7fff);
    machine
        .link
        .inbound
        .extend((0..100).map(|i| frame(1514, i)));
    machine.settle();
    let asked = machine.link.outbound.pop_front().expect("XOFF");
    assert_eq!(asked[..6], [1, 0x80, 0xc2, 0, 0, 1]);
    assert_eq!(asked[12..18], [0x88, 8, 0, 1, 0xff, 0xff]);
    assert!(machine.link.outbound.is_empty());
    while machine.receive(0).is_some() {
        machine.settle();
    }
    let over = machine.link.outbound.pop_front().expect("XON");
    assert_eq!(over[12..18], [0x88, 8, 0, 1, 0, 0]);
    assert_eq!(
        [at::LXOFFTXC, at::LXONTXC].map(|counter| machine.read(counter)),
        [1, 1]
    );

    machine.write(at::MFLCN, bits::MFLCN_OBEYS);
    machine.link.inbound.push_back(asked);
    machine.settle();
    assert!(
        machine.receive(0).is_none(),
        "control frames stay in the MAC"
    );
    machine.send(0, &frame(60, 1));
    machine.settle();
    assert!(machine.link.outbound.is_empty());
    // 65535 times 51.2 ns.
    assert_eq!(machine.nic.next_deadline(), Some(3_355_392));
    machine.nic.advance(3_355_392);
    machine.settle();
    assert_eq!(machine.link.outbound.len(), 1);
}

#[test]
fn semaphores_are_taken_by_reading() {
    let mut machine = Machine::new(Loop::open());
    assert_eq!(machine.read(at::SWSM) & 1, 0);
    assert_eq!(machine.read(at::SWSM) & 1, 1);
    machine.write(at::SWSM, 2);
    assert_eq!(machine.read(at::SWSM) & 3, 2);
    machine.write(at::SWSM, 0);
    assert_eq!(machine.read(at::SWSM) & 3, 0);
}

#[test]
fn unemulated_register_is_reported_once() {
    let mut machine = Machine::new(Loop::open());
    while machine.nic.take_notice().is_some() {}
    for _ in 0..3 {
        machine.write(0x5800, 1);
        machine.read(0x1_fff0);
        machine.write(0x0f404, 1);
        machine.write(0x0f408, 1);
    }
    let notices: Vec<_> = std::iter::from_fn(|| machine.nic.take_notice()).collect();
    assert_eq!(notices.len(), 3, "{notices:?}");
    assert!(matches!(notices[0], Notice::Unmodelled { name: "WUC", .. }));
    assert!(matches!(
        notices[1],
        Notice::Unknown {
            offset: 0x1_fff0,
            ..
        }
    ));
    assert!(matches!(notices[2], Notice::Unmodelled { name: "UTA", .. }));
    assert_eq!(machine.nic.read(0, 2, 4), u64::MAX);
    assert_eq!(machine.nic.read(0, 0x1_fffc, 8), u64::MAX);
    assert_eq!(machine.nic.read(1, 0, 4), u64::MAX);
}
