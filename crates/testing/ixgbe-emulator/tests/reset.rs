//! Tests of every reset of the device in the middle of traffic. After the reset the device is as after power-on, and
//! another driver can bring it up.

mod support;

use std::collections::BTreeMap;

use samara_ixgbe_emulator::pci::{CONFIG_SIZE, MSIX_BAR, MSIX_BAR_SIZE};
use samara_ixgbe_emulator::registers::{TABLE, bits, offset as at};
use samara_ixgbe_emulator::{CountedInterrupts, Loop, Nic};
use support::{Machine, data, frame};

/// Reads all registers from a copy of the device, so that the reads do not change the device.
fn registers(nic: &Nic) -> BTreeMap<(&'static str, u32), u32> {
    let mut nic = nic.clone();
    let all = TABLE.iter().copied().flatten();
    all.flat_map(|register| (0..u32::from(register.count)).map(move |index| (register, index)))
        // The timer is left out, because it runs on.
        .filter(|(register, _)| register.offset != at::FRTIMER)
        .map(|(register, index)| {
            let value = nic.read(0, register.at(index).into(), 4) as u32;
            ((register.name, index), value)
        })
        .collect()
}

fn config(nic: &Nic) -> Vec<u8> {
    let mut bytes = vec![0; CONFIG_SIZE];
    nic.config_read(0, &mut bytes);
    bytes
}

fn table(nic: &Nic) -> Vec<u64> {
    let mut nic = nic.clone();
    let offsets = (0..u64::from(MSIX_BAR_SIZE)).step_by(8);
    offsets
        .map(|offset| nic.read(MSIX_BAR, offset, 8))
        .collect()
}

/// Returns a device in the middle of all its operations: frames that wait for descriptors, a packet without its end, an
/// interrupt that waits for the clock, pauses requested by both ends, unread statistics, taken semaphores, and the
/// module's bus in the middle of a byte.
fn busy() -> Machine {
    let mut machine = Machine::new(Loop::open());
    machine.bring_up(4);
    for queue in 0..128 {
        machine.write(at::tx_queue(queue) + at::QUEUE_HEAD_WB_HIGH, 7);
        machine.write(at::rx_queue(queue) + at::QUEUE_HEAD, 3);
    }
    machine.write(at::rx_queue(0) + at::QUEUE_HEAD, 0);
    machine.write(at::EITR, 100 << 3);
    machine.write(at::FCCFG, bits::FCCFG_SENDS);
    machine.write(at::FCRTH, bits::FCRTH_ENABLE | 0x2000);
    machine.write(at::MFLCN, bits::MFLCN_OBEYS);
    machine.write(at::CTRL_EXT, bits::CTRL_EXT_DRIVER_LOADED);
    machine.write(at::VFTA, 5);
    machine.write(at::RAL, 5);
    machine.write(at::I2CCTL, 0xa);
    machine.write(at::I2CCTL, 0x2);
    machine.read(at::SWSM);
    machine.write(at::GSSR, 3);
    for seed in 0..200 {
        machine.link.inbound.push_back(frame(1000, seed));
    }
    for seed in 0..3 {
        machine.send(0, &frame(60, seed));
    }
    machine.push(0, [Machine::tx_buffer(9), data(60, 60) & !(1 << 24)]);
    machine.ring_doorbell(0);
    machine.settle();
    let mut pause = frame(60, 1);
    pause[..6].copy_from_slice(&[1, 0x80, 0xc2, 0, 0, 1]);
    pause[12..18].copy_from_slice(&[0x88, 8, 0, 1, 0xff, 0xff]);
    machine.link.inbound.push_back(pause);
    machine.settle();
    machine.send(0, &frame(60, 99));
    machine.settle();
    assert!(machine.nic.next_deadline().is_some());
    assert_eq!(machine.read(at::CTRL_EXT), bits::CTRL_EXT_DRIVER_LOADED);
    machine
}

#[test]
fn every_reset_gives_the_device_of_power_on() {
    type Reset = fn(&mut Machine);
    let ways: [(&str, Reset); 6] = [
        ("CTRL.RST", |m| m.write(at::CTRL, bits::CTRL_RESET)),
        ("CTRL.LRST", |m| m.write(at::CTRL, bits::CTRL_LINK_RESET)),
        ("its alias", |m| m.write(4, bits::CTRL_RESET)),
        ("FLR", |m| m.nic.config_write(0xa9, &[0x80])),
        ("D3", |m| {
            m.nic.config_write(0x44, &[3]);
            m.nic.config_write(0x44, &[0]);
        }),
        ("the VMM's", |m| m.nic.power_cycle()),
    ];
    for (what, reset) in ways {
        let mut machine = Machine::new(Loop::open());
        machine.settle();
        let fresh = registers(&machine.nic);
        let powered = config(&Machine::new(Loop::open()).nic);

        let mut machine = busy();
        assert_ne!(registers(&machine.nic), fresh);
        machine.interrupts = CountedInterrupts::default();
        machine.link.outbound.clear();
        let memory = machine.memory.bytes().to_vec();
        reset(&mut machine);
        machine.settle();
        assert_eq!(machine.nic.next_deadline(), None, "{what}");
        machine.nic.advance(10_000_000_000);
        machine.settle();
        let after = registers(&machine.nic);
        let other: Vec<_> = after
            .iter()
            .filter(|(name, value)| fresh[name] != **value)
            .collect();
        assert!(other.is_empty(), "{what}: {other:x?}");
        assert_eq!(machine.interrupts.raised, [0; 64], "{what}");
        assert!(machine.link.outbound.is_empty(), "{what}");
        assert!(
            machine.memory.bytes() == memory,
            "{what}: nothing is written any more"
        );
        // A software reset leaves the MSI-X table alone. Resets of the PCI function and a power cycle reset it.
        let untouched = table(&machine.nic) == table(&Nic::new(*machine.nic.options()));
        assert_eq!(
            untouched,
            matches!(what, "FLR" | "D3" | "the VMM's"),
            "{what}"
        );
        // Only a power cycle resets all of configuration space.
        if what == "the VMM's" {
            let clean = config(&Nic::new(*machine.nic.options()));
            assert_eq!(config(&machine.nic), clean);
            assert_ne!(clean, powered);
        }

        machine.nic.config_write(0x04, &[6, 0]);
        machine.nic.config_write(0x72, &[0x3f, 0x80]);
        for vector in 0..64 {
            machine.nic.write(4, vector * 16 + 12, 4, 0);
        }
        machine.link.looped = true;
        machine.bring_up(2);
        machine.send(1, &frame(100, 77));
        machine.settle();
        let (bytes, _) = machine.receive(0).expect("a packet");
        assert_eq!(bytes, frame(100, 77), "{what}: the first that comes is new");
        assert!(machine.receive(0).is_none(), "{what}");
        assert_eq!(
            [at::GPRC, at::GPTC].map(|at| machine.read(at)),
            [1, 1],
            "{what}"
        );
        assert_eq!(machine.interrupts.raised[..2], [1, 1], "{what}");
    }
}
