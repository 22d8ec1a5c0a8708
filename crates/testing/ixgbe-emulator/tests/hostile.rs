//! Tests that a guest's random writes make the device neither panic nor hang. `rings.rs` tests that the device writes
//! only where descriptors allow it.

mod support;

use proptest::prelude::*;
use samara_ixgbe_emulator::registers::{self, TABLE, bits, offset as at};
use samara_ixgbe_emulator::{Faults, FlatMemory, Loop, Progress};
use support::{BASE, Machine, RING, SIZE, frame};

fn offsets() -> impl Strategy<Value = u32> {
    let known: Vec<u32> = TABLE
        .iter()
        .copied()
        .flatten()
        .flat_map(|register| [register.at(0), register.at(u32::from(register.count) - 1)])
        .collect();
    // The registers of queue 0, such as its doorbell and its enable bit, are chosen more often.
    let rings = [0x00, 0x04, 0x08, 0x10, 0x18, 0x28].map(|distance| at::TDBAL + distance);
    let receive = [0x00, 0x08, 0x10, 0x14, 0x18, 0x28].map(|distance| at::RDBAL + distance);
    prop_oneof![
        4 => proptest::sample::select(known),
        4 => proptest::sample::select(rings.to_vec()),
        4 => proptest::sample::select(receive.to_vec()),
        1 => 0..registers::SIZE,
    ]
}

fn values() -> impl Strategy<Value = u32> {
    prop_oneof![
        any::<u32>(),
        0..RING * 20,
        (0u32..32).prop_map(|bit| 1 << bit),
        Just(u32::MAX),
        (BASE as u32..BASE as u32 + SIZE as u32),
    ]
}

/// Descriptors that are almost valid.
fn descriptors() -> impl Strategy<Value = [u64; 2]> {
    let address = prop_oneof![
        3 => BASE..BASE + SIZE as u64,
        1 => any::<u64>(),
    ];
    let low = prop_oneof![3 => address, 1 => any::<u64>()];
    let kind = proptest::sample::select(vec![2u64, 3, 3, 3, 1]);
    let advanced =
        (any::<u64>(), kind).prop_map(|(word, kind)| word & !(0xf << 20) | kind << 20 | 1 << 29);
    let high = prop_oneof![3 => advanced, 1 => any::<u64>()];
    (low, high).prop_map(|(low, high)| [low, high])
}

/// Steps until the device is idle. Fails the test if it does not become idle.
fn settle(machine: &mut Machine, memory: &mut FlatMemory) -> Result<(), TestCaseError> {
    for _ in 0..2000 {
        let progress = machine
            .nic
            .step(memory, &mut machine.link, &mut machine.interrupts);
        machine.link.outbound.clear();
        if progress == Progress::Idle {
            return Ok(());
        }
        machine.link.inbound.truncate(64);
    }
    Err(TestCaseError::fail("the device does not come to rest"))
}

/// Takes the memory out of the machine, for the calls of `step`. The device can reach no other memory.
fn memory(machine: &mut Machine) -> FlatMemory {
    std::mem::replace(&mut machine.memory, FlatMemory::new(BASE, 0))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn random_registers(accesses in prop::collection::vec((offsets(), values(), any::<bool>()), 1..300)) {
        let mut machine = Machine::new(Loop::open());
        machine.bring_up(1);
        let mut memory = memory(&mut machine);
        for (index, (offset, value, write)) in accesses.into_iter().enumerate() {
            if write {
                machine.nic.write(0, u64::from(offset), 4, u64::from(value));
            } else {
                machine.nic.read(0, u64::from(offset), 4);
            }
            if index % 16 == 0 {
                machine.link.inbound.push_back(frame(60 + (value as usize) % 1400, index as u8));
                settle(&mut machine, &mut memory)?;
            }
        }
        settle(&mut machine, &mut memory)?;
    }

    #[test]
    fn random_transmit_rings(
        ring in prop::collection::vec(descriptors(), RING as usize),
        tail in 0..RING,
        loopback in any::<bool>(),
        every in 0u32..8,
    ) {
        let link = if loopback { Loop::closed() } else { Loop::open() };
        let mut machine = Machine::new(link);
        machine.bring_up(1);
        for words in ring {
            machine.push(0, words);
        }
        let mut faults = Faults::default();
        faults.dma_error_every = std::num::NonZeroU32::new(every);
        machine.nic.inject(faults);
        machine.write(at::tx_queue(0) + at::QUEUE_TAIL, tail);
        let mut memory = memory(&mut machine);
        settle(&mut machine, &mut memory)?;
        let head = machine.read(at::tx_queue(0) + at::QUEUE_HEAD);
        prop_assert_eq!(head, tail, "the ring was worked through");
    }

    #[test]
    fn random_receive_rings(
        addresses in prop::collection::vec(any::<u64>(), RING as usize),
        inside in any::<bool>(),
        control in any::<u32>(),
        frames in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..3000), 1..40),
    ) {
        let mut machine = Machine::new(Loop::open());
        machine.bring_up(1);
        for (slot, address) in (0u64..).zip(addresses) {
            let address = if inside { BASE + address % SIZE as u64 } else { address };
            machine.store(Machine::rx_ring(0) + slot * 16, address);
        }
        machine.write(at::rx_queue(0) + at::QUEUE_SRRCTL, control);
        machine.write(at::FCTRL, 0x700);
        machine.write(at::HLREG0, 5);
        machine.write(at::MAXFRS, 9018 << 16);
        machine.link.inbound.extend(frames);
        let mut memory = memory(&mut machine);
        settle(&mut machine, &mut memory)?;
    }

    #[test]
    fn random_fcoe_contexts(
        contexts in prop::collection::vec((any::<u64>(), any::<bool>(), any::<u32>(), any::<u16>()), 8),
        control in any::<u32>(),
        frames in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..9000), 1..20),
    ) {
        let mut machine = Machine::new(Loop::open());
        machine.bring_up(1);
        machine.write(at::HLREG0, 5);
        machine.write(at::MAXFRS, 9018 << 16);
        machine.write(at::ETQF, bits::ETQF_ENABLE | bits::ETQF_FCOE | 0x8906);
        machine.write(at::FCRXCTRL, control | 0xf00);
        for (index, (list, inside, buffers, last)) in (0..).zip(contexts) {
            let list = if inside { BASE + list % SIZE as u64 } else { list };
            machine.write(at::FCPTRL, list as u32);
            machine.write(at::FCPTRH, (list >> 32) as u32);
            machine.write(at::FCBUFF, buffers | bits::FCBUFF_VALID);
            machine.write(at::FCDMARW, u32::from(last) << 16 | bits::FCDMARW_WRITE | index);
            machine.write(at::FCFLT, bits::FCFLT_VALID);
            machine.write(at::FCFLTRW, bits::FCDMARW_WRITE | index);
        }
        let fcoe = frames.into_iter().map(|mut frame| {
            // Makes the random frames nearly valid: sets the EtherType, the start of frame, solicited data, no ESP
            // header, and one of eight exchanges.
            let id = frame.len() as u8 % 8;
            frame.resize(frame.len().max(60), 0);
            for (place, byte) in [(12, 0x89), (13, 0x06), (27, 0x2e), (28, 1), (41, 0), (44, 0), (45, id), (46, 0), (47, id)] {
                frame[place] = byte;
            }
            frame[..6].fill(0xff);
            frame
        });
        machine.link.inbound.extend(fcoe);
        let mut memory = memory(&mut machine);
        settle(&mut machine, &mut memory)?;
        prop_assert!(machine.nic.placements().frames > 0);
    }

    #[test]
    fn random_faults(
        accesses in prop::collection::vec((offsets(), values()), 1..100),
        faults in any::<u32>(),
        every in 0u32..4,
        time in 0u64..5000,
    ) {
        let mut machine = Machine::new(Loop::closed());
        let mut injected = Faults::default();
        injected.rx_empty_every = std::num::NonZeroU32::new(every);
        injected.message_lost_every = injected.rx_empty_every;
        (injected.reset_time, injected.eeprom_time, injected.queue_time) = (time, time, time);
        for (bit, fault) in [
            &mut injected.rx_empty_ends,
            &mut injected.rx_enable_hangs,
            &mut injected.security_busy,
            &mut injected.master_stuck,
            &mut injected.cause_sticks,
            &mut injected.links_stale,
            &mut injected.links_ghost,
            &mut injected.filters_undefined,
            &mut injected.fragment_checksum,
            &mut injected.keeps_writing,
        ].into_iter().enumerate() {
            *fault = faults >> bit & 1 != 0;
        }
        machine.bring_up(1);
        machine.nic.inject(injected);
        let mut memory = memory(&mut machine);
        for (now, (offset, value)) in (0..).zip(accesses) {
            machine.nic.advance(now * 700);
            machine.nic.write(0, u64::from(offset), 4, u64::from(value));
            machine.nic.read(0, u64::from(offset), 4);
            machine.link.inbound.push_back(frame(60, 1));
            // Looped frames come back without end as long as the faults are injected, so the device may never become
            // idle.
            for _ in 0..3 {
                let _ = machine.nic.step(&mut memory, &mut machine.link, &mut machine.interrupts);
            }
        }
        machine.link.looped = false;
        machine.nic.inject(Faults::default());
        settle(&mut machine, &mut memory)?;
    }

    #[test]
    fn random_configuration_space(accesses in prop::collection::vec((0usize..5000, prop::collection::vec(any::<u8>(), 0..9)), 1..60)) {
        let mut machine = Machine::new(Loop::open());
        machine.bring_up(1);
        for (offset, bytes) in accesses {
            machine.nic.config_write(offset, &bytes);
            let mut read = vec![0; bytes.len()];
            machine.nic.config_read(offset, &mut read);
            let _ = machine.step();
        }
        let mut id = [0; 4];
        machine.nic.config_read(0, &mut id);
        prop_assert_eq!(id, [0x86, 0x80, 0xfb, 0x10]);
    }
}
