//! Tests of offloads: RSS, segmentation, checksums and tags, in all descriptor formats.

mod support;

use std::collections::BTreeSet;

use samara_ixgbe_emulator::registers::{bits, offset as at};
use samara_ixgbe_emulator::{GuestMemory, Loop};
use support::{Machine, data, frame};

/// Returns a TCP segment from port `port` with `payload` bytes. The IP checksum is 0, and the TCP checksum field
/// holds the sum of the pseudo header without the length.
fn tcp(port: u16, payload: usize) -> Vec<u8> {
    let mut frame = [0xff; 6].to_vec();
    frame.extend([2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0]);
    frame.extend((40 + payload as u16).to_be_bytes());
    frame.extend([0, 7, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
    frame.extend(port.to_be_bytes());
    frame.extend([0, 80, 0, 0, 0, 9, 0, 0, 0, 0, 0x50, 0x18, 1, 0]);
    // The checksum field (the pseudo header's sum without the length), and the urgent pointer.
    frame.extend([0x14, 0x09, 0, 0]);
    frame.extend((0..payload).map(|i| i as u8));
    frame
}

/// Returns the complemented sum of the Internet checksum, which is 0 over data with a right checksum.
fn sum(bytes: &[u8], more: u32) -> u16 {
    let words = bytes
        .chunks(2)
        .map(|pair| u32::from(pair[0]) << 8 | pair.get(1).map_or(0, |&low| u32::from(low)));
    let mut total = words.sum::<u32>() + more;
    while total > 0xffff {
        total = (total & 0xffff) + (total >> 16);
    }
    !total as u16
}

/// Whether both checksums of a segment made by [`tcp`] are right.
fn checksums_are_right(frame: &[u8]) -> bool {
    let length = frame.len() as u32 - 34;
    sum(&frame[14..34], 0) == 0 && sum(&frame[34..], 0x1409 + length) == 0
}

#[test]
fn flows_are_spread_over_the_queues() {
    let mut machine = Machine::new(Loop::open());
    machine.bring_up(4);
    for index in 0..10 {
        machine.write(
            at::RSSRK + index * 4,
            0x6d5a_56da_u32.rotate_left(index * 5),
        );
    }
    for index in 0..32 {
        machine.write(at::RETA + index * 4, 0x0302_0100);
    }
    machine.write(at::RXCSUM, bits::RXCSUM_PCSD);
    machine.write(at::MRQC, 1 | bits::MRQC_TCP_IPV4);
    machine.write(at::RQSMR, 0x0302_0100);
    let mut used = BTreeSet::new();
    for port in 0..64 {
        let sent = tcp(1000 + port % 16, 66);
        machine.link.inbound.push_back(sent.clone());
        machine.settle();
        let got: Vec<_> = (0..4)
            .filter_map(|queue| Some((queue, machine.receive(queue)?)))
            .collect();
        let [(queue, (bytes, words))] = got.as_slice() else {
            panic!("one queue gets the packet, not {}", got.len())
        };
        assert_eq!(*bytes, sent);
        assert_eq!(words[0] & 0xf, 1, "RSS type: TCP over IPv4");
        assert_eq!(words[0] >> 32 & 3, u64::from(*queue), "the hash says which");
        used.insert((port % 16, *queue));
    }
    assert_eq!(used.len(), 16, "a flow stays at its queue");
    let queues: BTreeSet<_> = used.iter().map(|&(_, queue)| queue).collect();
    assert_eq!(queues.len(), 4, "{used:?}");
    let counted: u32 = (0..4)
        .map(|queue| machine.read(at::QPRC + queue * 0x40))
        .sum();
    assert_eq!(counted, 64);
    // Frames that are not hashed go to queue 0.
    machine.link.inbound.push_back(frame(60, 1));
    machine.settle();
    assert!(machine.receive(0).is_some());
}

#[test]
fn a_packet_is_cut_into_segments() {
    let mut machine = Machine::new(Loop::open());
    machine.bring_up(1);
    let packet = tcp(1000, 2500);
    let (headers, payload) = packet.split_at(54);
    let places = [0, 1, 2].map(Machine::tx_buffer);
    for (place, piece) in places
        .iter()
        .zip([headers, &payload[..700], &payload[700..]])
    {
        machine.memory.write(*place, piece).expect("guest memory");
    }
    let context = machine.push(
        0,
        [
            14 << 9 | 20,
            1 << 29 | 2 << 20 | 3 << 10 | 20 << 40 | 1000 << 48,
        ],
    );
    // The first descriptor has TSE, IXSM and TXSM. Only the last one has RS and EOP.
    let offloads = 1 << 31 | 3 << 40 | 2500 << 46;
    let middle = |length: u64| length | 3 << 20 | 1 << 29;
    machine.push(0, [places[0], middle(54) | offloads]);
    machine.push(0, [places[1], middle(700)]);
    let last = machine.push(0, [places[2], data(1800, 0)]);
    machine.ring_doorbell(0);
    machine.settle();
    let lengths: Vec<_> = machine.link.outbound.iter().map(Vec::len).collect();
    assert_eq!(lengths, [1054, 1054, 554]);
    let mut bytes = Vec::new();
    for (index, frame) in (0u8..).zip(&machine.link.outbound) {
        assert!(checksums_are_right(frame), "segment {index}");
        assert_eq!(frame[18..20], [0, 7 + index], "identification");
        assert_eq!(frame[47] & 8 != 0, index == 2, "PSH in the last one");
        bytes.extend_from_slice(&frame[54..]);
    }
    assert_eq!(bytes, payload);
    assert_eq!(machine.load(last + 8), 1 << 32, "DD where RS was");
    assert_eq!(machine.load(context + 8) >> 32 & 1, 0);
    assert_eq!(machine.read(at::GPTC), 3);
    assert_eq!(machine.read(at::GOTCL), 1058 + 1058 + 558);
}

#[test]
fn checksums_are_inserted_and_checked() {
    let mut machine = Machine::new(Loop::closed());
    machine.bring_up(1);
    let packet = tcp(1000, 66);
    let place = Machine::tx_buffer(0);
    machine.memory.write(place, &packet).expect("guest memory");
    // Without segmentation, the driver's sum over the pseudo header includes the length.
    let with_length = (0x1409u16 + 86).to_be_bytes();
    machine
        .memory
        .write(place + 50, &with_length)
        .expect("guest memory");
    machine.push(0, [14 << 9 | 20, 1 << 29 | 2 << 20 | 3 << 10]);
    for (offloads, errors) in [(3, 0), (2, 2), (1, 1), (0, 3)] {
        let length = packet.len() as u64;
        machine.push(0, [place, data(length, length) | offloads << 40]);
        machine.ring_doorbell(0);
        machine.settle();
        let (bytes, words) = machine.receive(0).expect("a packet");
        assert_eq!(checksums_are_right(&bytes), offloads == 3);
        assert_eq!(words[1] & 0x60, 0x60, "both were checked");
        // IPE is bit 31, L4E bit 30.
        assert_eq!(words[1] >> 30 & 3, errors, "offloads {offloads}");
    }
    assert_eq!(machine.read(at::XEC), 3);
}

#[test]
fn legacy_descriptors_work_in_both_directions() {
    let mut machine = Machine::new(Loop::closed());
    machine.bring_up(1);
    machine.write(at::rx_queue(0) + at::QUEUE_SRRCTL, 2);
    machine.set(at::rx_queue(0) + at::QUEUE_CONTROL, bits::RXDCTL_VLAN_STRIP);
    let packet = tcp(1000, 66);
    let place = Machine::tx_buffer(0);
    let with_length = (0x1409u16 + 86).to_be_bytes();
    machine.memory.write(place, &packet).expect("guest memory");
    machine
        .memory
        .write(place + 50, &with_length)
        .expect("guest memory");
    // EOP, IFCS, IC, RS and VLE. The device sums from byte 34 on, puts the checksum at byte 50, and inserts tag 5.
    let command = 120 | 0x4f << 24 | 50 << 16 | 34 << 40 | 5 << 48;
    let descriptor = machine.push(0, [place, command]);
    machine.ring_doorbell(0);
    machine.settle();
    assert_eq!(machine.load(descriptor), place, "not written over");
    assert_eq!(machine.load(descriptor + 8), command | 1 << 32);

    let ring = Machine::rx_ring(0);
    let buffer = Machine::rx_buffer(0, 0);
    assert_eq!(machine.load(ring), buffer, "not written over");
    let word = machine.load(ring + 8);
    assert_eq!(word & 0xffff, 120);
    assert_eq!(word >> 48, 5, "tag");
    // DD, EOP, VP, L4CS and IPCS are set. The IP checksum is reported as wrong, and the TCP checksum as right.
    assert_eq!(word >> 32 & 0xff, 0x6b);
    assert_eq!(word >> 40 & 0xff, 0x80);
    let mut bytes = vec![0; 120];
    machine
        .memory
        .read(buffer, &mut bytes)
        .expect("guest memory");
    assert_eq!(sum(&bytes[34..], 0x1409 + 86), 0);
}

#[test]
fn filters_follow_the_driver() {
    let mut machine = Machine::new(Loop::open());
    machine.bring_up(1);
    machine.write(at::FCTRL, 0);
    let to = |address: [u8; 6], tag: Option<u16>| {
        let mut frame = frame(100, 1);
        frame[..6].copy_from_slice(&address);
        if let Some(tag) = tag {
            frame[12..14].copy_from_slice(&[0x81, 0]);
            frame[14..16].copy_from_slice(&tag.to_be_bytes());
        }
        frame
    };
    let own = [0x02, 0x82, 0x59, 0x90, 0, 1];
    let group = [1, 0, 0x5e, 0, 0, 0xfb];
    let passes = |machine: &mut Machine, frame: Vec<u8>| {
        machine.link.inbound.push_back(frame);
        machine.settle();
        machine.receive(0).is_some()
    };
    assert!(
        passes(&mut machine, to(own, None)),
        "its own, from the EEPROM"
    );
    assert!(!passes(&mut machine, to([2, 0, 0, 0, 0, 7], None)));
    assert!(!passes(&mut machine, to([0xff; 6], None)));
    assert!(!passes(&mut machine, to(group, None)));
    assert_eq!(machine.read(at::GPRC), 1);
    assert_eq!(machine.read(at::RXNFGPC), 4, "before the filters");
    machine.write(at::MTA + 125 * 4, 1 << 16);
    machine.write(at::MCSTCTRL, bits::MCSTCTRL_ENABLE);
    assert!(passes(&mut machine, to(group, None)));
    machine.set(at::VLNCTRL, bits::VLNCTRL_FILTER);
    assert!(!passes(&mut machine, to(own, Some(0x2007))));
    machine.write(at::VFTA, 1 << 7);
    assert!(passes(&mut machine, to(own, Some(0x2007))));
    machine.write(at::FCTRL, bits::FCTRL_UNICAST | bits::FCTRL_MULTICAST);
    assert!(
        passes(&mut machine, to([2, 0, 0, 0, 0, 7], None)),
        "promiscuous"
    );
    assert_eq!(
        [at::MPRC, at::BPRC].map(|counter| machine.read(counter)),
        [1, 0]
    );
}
