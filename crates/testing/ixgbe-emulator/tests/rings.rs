//! Tests of invalid rings and descriptors. In each case a packet is dropped and counted, and the device still works
//! afterwards.

mod support;

use proptest::prelude::*;
use samara_ixgbe_emulator::registers::{bits, offset as at};
use samara_ixgbe_emulator::{DmaError, Drops, FlatMemory, GuestMemory, Loop};
use support::{BASE, Machine, RING, SIZE, data, frame};

/// The first address behind guest memory.
const OUTSIDE: u64 = BASE + SIZE as u64;

fn up(link: Loop) -> Machine {
    let mut machine = Machine::new(link);
    machine.bring_up(1);
    machine
}

/// Checks that the device still works: resets it as another driver would, and sends a packet round the loop.
fn still_works(machine: &mut Machine) {
    machine.link.looped = true;
    machine.link.inbound.clear();
    machine.bring_up(1);
    machine.send(0, &frame(100, 9));
    machine.settle();
    let (bytes, _) = machine.receive(0).expect("the packet came round");
    assert_eq!(bytes, frame(100, 9));
}

fn drops(change: impl FnOnce(&mut Drops)) -> Drops {
    let mut drops = Drops::default();
    change(&mut drops);
    drops
}

#[test]
fn malformed_transmit_descriptors_are_dropped() {
    let context = |l4: u64, mss: u64| {
        [
            14 << 9 | 20,
            1 << 29 | 2 << 20 | 3 << 10 | l4 << 40 | mss << 48,
        ]
    };
    let segmented = data(154, 100) | 1 << 31;
    let buffer = Machine::tx_buffer(0);
    let malformed = |count| drops(|d| d.tx_malformed = count);
    let mut machine = up(Loop::open());
    machine.push(0, context(20, 50));
    machine.push(0, [buffer, segmented]);
    machine.ring_doorbell(0);
    machine.settle();
    assert_eq!(machine.link.outbound.len(), 2, "with sense it is sent");
    for (what, descriptors, expected) in [
        ("no bytes", vec![[buffer, data(0, 0)]], drops(|_| {})),
        ("one byte", vec![[buffer, data(1, 1)]], malformed(1)),
        (
            "65535 bytes",
            vec![[buffer, data(65535, 65535)]],
            malformed(1),
        ),
        (
            "no end but more than fits",
            vec![[buffer, 65535 | 3 << 20 | 1 << 29]; 60],
            malformed(0),
        ),
        (
            "a segment size of 0",
            vec![context(20, 0), [buffer, segmented]],
            malformed(1),
        ),
        (
            "headers beyond the packet",
            vec![context(255, 100), [buffer, segmented]],
            malformed(1),
        ),
        ("no context", vec![[buffer, segmented]], malformed(1)),
        (
            "another payload",
            vec![context(20, 50), [buffer, data(154, 99) | 1 << 31]],
            malformed(1),
        ),
        (
            "a checksum outside",
            vec![context(20, 50), [buffer, data(20, 20) | 1 << 41]],
            malformed(1),
        ),
        (
            "a type that is none",
            vec![[buffer, 1 << 29 | 9 << 20 | 1 << 24]],
            malformed(1),
        ),
        (
            "data outside memory",
            vec![[OUTSIDE - 10, data(60, 60)]],
            drops(|d| (d.tx_malformed, d.tx_dma_error) = (1, 1)),
        ),
        (
            "data around the end",
            vec![[u64::MAX - 10, data(60, 60)]],
            drops(|d| (d.tx_malformed, d.tx_dma_error) = (1, 1)),
        ),
    ] {
        let mut machine = up(Loop::open());
        for words in descriptors {
            machine.push(0, words);
        }
        machine.ring_doorbell(0);
        machine.settle();
        let head = machine.read(at::tx_queue(0) + at::QUEUE_HEAD);
        assert_eq!(head, machine.tx_next[0], "{what}: the ring goes on");
        assert!(machine.link.outbound.is_empty(), "{what}: it was sent");
        assert_eq!(machine.nic.drops(), expected, "{what}");
        still_works(&mut machine);
    }
}

#[test]
fn rings_outside_memory_are_dma_errors() {
    for (base, length, head, tail) in [
        (OUTSIDE, 0x400, 0, 63),
        (OUTSIDE - 0x80, 0x400, 0, 63),
        (0, 0x400, 0, 63),
        (!0x7f, 0xf_ff80, 0, 0xfff7),
        (BASE, 0xf_ff80, 0, 0xfff7),
        (BASE, u32::MAX, 0xfff6, 3),
    ] {
        for block in [at::tx_queue(5), at::rx_queue(0)] {
            let mut machine = up(Loop::closed());
            machine.write(block, base as u32);
            machine.write(block + at::QUEUE_BASE_HIGH, (base >> 32) as u32);
            machine.write(block + at::QUEUE_LENGTH, length);
            machine.write(block + at::QUEUE_CONTROL, bits::QUEUE_ENABLE);
            machine.write(block + at::QUEUE_HEAD, head);
            machine.write(block + at::QUEUE_TAIL, tail);
            machine.send(0, &frame(100, 1));
            machine.settle();
            if block == at::tx_queue(5) && base != BASE {
                assert_ne!(machine.nic.drops().tx_dma_error, 0, "{base:#x}");
                assert_eq!(machine.read(block + at::QUEUE_HEAD), tail);
            }
            still_works(&mut machine);
        }
    }
}

#[test]
fn invalid_ring_registers_are_ignored() {
    for (length, head, tail) in [
        (0, 0, 1),
        (0x7f, 0, 1),
        (0x80, 8, 1),
        (0x80, 0, 8),
        (0x80, u32::MAX, 3),
        (0x80, 3, u32::MAX),
        (0xfff0_0000, 0, 1),
    ] {
        let mut machine = up(Loop::open());
        let before = machine.memory.bytes().to_vec();
        for block in [at::tx_queue(0), at::rx_queue(0)] {
            machine.write(block + at::QUEUE_LENGTH, length);
            machine.write(block + at::QUEUE_HEAD, head);
            machine.write(block + at::QUEUE_TAIL, tail);
        }
        machine.link.inbound.push_back(frame(60, 1));
        machine.settle();
        assert!(
            machine.memory.bytes() == before,
            "{length:#x} {head} {tail}"
        );
        assert!(machine.link.outbound.is_empty());
        assert_eq!(machine.nic.drops(), drops(|d| d.rx_no_descriptor = 1));
        assert_eq!(machine.read(at::QPRDC), 1);
        still_works(&mut machine);
    }
}

#[test]
fn receive_buffers_outside_memory_are_dma_errors() {
    for address in [OUTSIDE - 10, OUTSIDE, 0, u64::MAX, BASE - 1] {
        let mut machine = up(Loop::open());
        for slot in 0..u64::from(RING) {
            machine.store(Machine::rx_ring(0) + slot * 16, address);
        }
        let before = machine.memory.bytes().to_vec();
        machine.link.inbound.push_back(frame(60, 1));
        machine.settle();
        // Writes are posted, so the device writes the descriptor back as done although the write of the data has
        // failed.
        assert_eq!(machine.load(Machine::rx_ring(0) + 8) & 3, 3);
        let ring = (Machine::rx_ring(0) - BASE) as usize;
        let after = machine.memory.bytes();
        assert!(after[..ring] == before[..ring] && after[ring + 16..] == before[ring + 16..]);
        assert_eq!(machine.nic.drops(), drops(|d| d.rx_dma_error = 1));
        still_works(&mut machine);
    }
}

#[test]
fn head_write_back_outside_memory_fails() {
    for (place, failed) in [
        (OUTSIDE, 2),
        (OUTSIDE - 4, 0),
        (0, 2),
        (!3, 2),
        // In these cases the head is written over the ring itself, and over a buffer.
        (Machine::tx_ring(0) + 24, 0),
        (Machine::tx_buffer(1), 0),
    ] {
        let mut machine = up(Loop::open());
        let block = at::tx_queue(0);
        machine.write(block + at::QUEUE_HEAD_WB_HIGH, (place >> 32) as u32);
        machine.write(
            block + at::QUEUE_HEAD_WB_LOW,
            place as u32 | bits::TDWBAL_ENABLE,
        );
        machine.send(0, &frame(60, 1));
        machine.settle();
        machine.send(0, &frame(60, 2));
        machine.settle();
        let head = machine.read(block + at::QUEUE_HEAD);
        assert_eq!(head, 2, "{place:#x}");
        assert_eq!(
            machine.nic.drops(),
            drops(|d| d.write_back_error = failed),
            "{place:#x}"
        );
        still_works(&mut machine);
    }
}

#[test]
fn overlapping_rings_come_to_rest() {
    // The receive ring and the transmit ring of queue 0 lie at the same addresses, and all buffers lie on them. So
    // received frames become descriptors to send.
    let mut machine = up(Loop::closed());
    let ring = Machine::tx_ring(0);
    machine.write(at::rx_queue(0), ring as u32);
    for slot in 0..RING {
        machine.push(0, [ring + u64::from(slot) * 8, data(1024, 1024)]);
    }
    for queue in 1..8 {
        let block = at::tx_queue(queue);
        machine.write(block, ring as u32 + queue * 0x80);
        machine.write(block + at::QUEUE_LENGTH, RING * 16);
        machine.write(block + at::QUEUE_CONTROL, bits::QUEUE_ENABLE);
        machine.write(block + at::QUEUE_TAIL, RING - 1);
    }
    machine.write(at::FCTRL, 0x700);
    machine.write(at::tx_queue(0) + at::QUEUE_TAIL, RING - 1);
    machine.settle();
    still_works(&mut machine);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The device writes only into buffers and descriptors, and into a buffer not more bytes than its size.
    #[test]
    fn writes_stay_inside_the_buffers(
        kib in 0u32..32,
        kind in 0u32..8,
        strip in any::<bool>(),
        keep_crc in any::<bool>(),
        lengths in prop::collection::vec(60usize..9000, 1..20),
    ) {
        // Buffers of the size that SRRCTL gives, with a gap behind each.
        const PLACE: u64 = 0x10_0000;
        const GAP: usize = 64;
        let size = kib.max(1) as usize * 1024;
        let mut machine = up(Loop::open());
        machine.write(at::HLREG0, if keep_crc { 4 } else { 6 });
        machine.write(at::MAXFRS, 9100 << 16);
        machine.write(at::rx_queue(0) + at::QUEUE_SRRCTL, kib | kind << 25);
        if strip {
            machine.set(at::rx_queue(0) + at::QUEUE_CONTROL, bits::RXDCTL_VLAN_STRIP);
        }
        for slot in 0..u64::from(RING) {
            let address = BASE + PLACE + slot * (size + GAP) as u64;
            machine.store(Machine::rx_ring(0) + slot * 16, address);
        }
        let canary = vec![0xa5; SIZE - PLACE as usize];
        machine.memory.write(BASE + PLACE, &canary).expect("guest memory");
        for (seed, length) in (0..).zip(lengths) {
            let mut frame = frame(length, seed);
            frame[12..14].copy_from_slice(&[0x81, 0]);
            machine.link.inbound.push_back(frame);
        }
        machine.settle();
        let ring = (Machine::rx_ring(0) - BASE) as usize;
        prop_assert!(machine.memory.bytes()[ring + RING as usize * 16..PLACE as usize]
            .iter()
            .all(|&byte| byte == 0));
        let buffers = &machine.memory.bytes()[PLACE as usize..];
        let (used, rest) = buffers.split_at(RING as usize * (size + GAP));
        for (slot, buffer) in used.chunks(size + GAP).enumerate() {
            prop_assert!(buffer[size..].iter().all(|&byte| byte == 0xa5), "behind {slot}");
        }
        prop_assert!(rest.iter().all(|&byte| byte == 0xa5));
    }
}

/// Guest memory that counts published words, and those that changed more than the done bit.
struct Watched {
    memory: FlatMemory,
    /// The number of published words, and the number of such words that changed more than one bit.
    published: usize,
    torn: usize,
}

impl GuestMemory for Watched {
    fn read(&self, address: u64, into: &mut [u8]) -> Result<(), DmaError> {
        self.memory.read(address, into)
    }

    fn write(&mut self, address: u64, bytes: &[u8]) -> Result<(), DmaError> {
        self.memory.write(address, bytes)
    }

    fn publish(&mut self, address: u64, word: u64) -> Result<(), DmaError> {
        let mut there = [0; 8];
        self.memory.read(address, &mut there)?;
        let change = u64::from_le_bytes(there) ^ word;
        self.published += 1;
        self.torn += usize::from(change.count_ones() != 1);
        self.memory.write(address, &word.to_le_bytes())
    }
}

#[test]
fn a_descriptor_is_whole_before_it_is_done() {
    for kind in [0, 1 << bits::SRRCTL_TYPE_SHIFT] {
        let mut machine = Machine::new(Loop::closed());
        machine.bring_up(1);
        machine.write(at::RDBAL + at::QUEUE_SRRCTL, 2 | kind);
        machine.write(at::FCTRL, bits::FCTRL_BROADCAST);
        machine.send(0, &frame(60, 1));
        // A legacy descriptor: 64 bytes, EOP, IFCS, RS.
        machine.push(0, [Machine::tx_buffer(0), 64 | 0xb << 24]);
        machine.ring_doorbell(0);
        let mut watched = Watched {
            memory: machine.memory.clone(),
            published: 0,
            torn: 0,
        };
        for _ in 0..4 {
            let (link, interrupts) = (&mut machine.link, &mut machine.interrupts);
            let _ = machine.nic.step(&mut watched, link, interrupts);
        }
        assert_eq!((watched.published, watched.torn), (4, 0));
    }
}
