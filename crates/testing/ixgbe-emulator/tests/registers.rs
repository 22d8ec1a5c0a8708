//! Tests of registers that no packet depends on: EEPROM, semaphores, MDIO, link, and enable bits.

mod support;

use samara_ixgbe_emulator::registers::{bits, offset as at};
use samara_ixgbe_emulator::{CountedInterrupts, Loop};
use support::{Machine, frame};

#[test]
fn the_eeprom_is_read_word_by_word_and_adds_up() {
    let mut machine = Machine::new(Loop::open());
    let mut word = |address: u32| {
        machine.write(at::EERD, address << 2 | bits::EERD_START);
        let done = machine.read(at::EERD);
        assert_eq!(done & bits::EERD_DONE, bits::EERD_DONE);
        done >> 16
    };
    let head: u32 = (0..0x40).map(&mut word).sum();
    let mut sections = 0;
    for pointer in 3..0xf {
        let section = word(pointer);
        if section != 0 && section != 0xffff {
            let length = word(section);
            sections += (1..=length)
                .map(|distance| word(section + distance))
                .sum::<u32>();
        }
    }
    assert_eq!((head + sections) as u16, 0xbaba);
    // The MAC address in the EEPROM, and the receive address register into which it was loaded.
    let core = word(9);
    assert_eq!(
        [1, 2, 3].map(|distance| word(core + distance)),
        [0x8202, 0x9059, 0x0100]
    );
    assert_eq!(machine.read(at::RAL), 0x9059_8202);
    assert_eq!(machine.read(at::RAL + 4), bits::RAH_VALID | 0x0100);
}

#[test]
fn semaphores_share_hardware_with_firmware() {
    let mut machine = Machine::new(Loop::open());
    // Firmware holds no semaphore, so the register reads as software wrote it.
    assert_eq!(machine.read(at::GSSR), 0);
    machine.write(at::GSSR, 0x5);
    assert_eq!(machine.read(at::GSSR), 0x5);
    machine.write(at::GSSR, 0);
    assert_eq!(machine.read(at::GSSR), 0);
    assert_eq!(machine.read(at::FWSM), bits::FWSM_EEP_RELOADED);
    machine.write(at::FWSM, 0);
    assert_eq!(
        machine.read(at::FWSM),
        bits::FWSM_EEP_RELOADED,
        "the firmware's"
    );
    // A driver sets DRV_LOAD to say that it is loaded, and the bit reads back.
    machine.write(at::CTRL_EXT, bits::CTRL_EXT_DRIVER_LOADED);
    assert_eq!(machine.read(at::CTRL_EXT), bits::CTRL_EXT_DRIVER_LOADED);
}

#[test]
fn no_phy_answers() {
    let mut machine = Machine::new(Loop::open());
    for phy in 0..32 {
        machine.write(at::MSRWD, 0x1234);
        machine.write(
            at::MSCA,
            bits::MSCA_COMMAND | 3 << 26 | phy << 21 | 1 << 16 | 2,
        );
        assert_eq!(
            machine.read(at::MSCA) & bits::MSCA_COMMAND,
            0,
            "done at once"
        );
        assert_eq!(machine.read(at::MSRWD) >> 16, 0xffff);
    }
}

#[test]
fn restart_of_negotiation_flaps_the_link() {
    let mut machine = Machine::new(Loop::open());
    machine.bring_up(1);
    machine.write(at::IVAR_MISC, 0x8500);
    machine.read(at::EICR);
    machine.write(at::EIMS, bits::EICR_LINK_CHANGE);
    machine.interrupts = CountedInterrupts::default();
    let mode = machine.read(at::AUTOC);
    machine.write(at::AUTOC, mode | bits::AUTOC_RESTART);
    assert_eq!(machine.read(at::AUTOC), mode, "clears by itself");
    assert_eq!(machine.read(at::LINKS) & bits::LINKS_UP, 0);
    assert_eq!(machine.read(at::STATUS) & bits::STATUS_LINK_UP, 0);
    machine.settle();
    let up = bits::LINKS_UP | bits::LINKS_10G;
    assert_eq!(machine.read(at::LINKS) & up, up);
    assert_eq!(
        machine.read(at::STATUS) & bits::STATUS_LINK_UP,
        bits::STATUS_LINK_UP
    );
    assert_eq!(machine.interrupts.raised[5], 1);
    machine.link.down = true;
    machine.settle();
    machine.write(at::AUTOC, mode | bits::AUTOC_RESTART);
    machine.settle();
    assert_eq!(machine.read(at::LINKS), 0, "no cable, no link");
}

#[test]
fn every_enable_bit_is_needed() {
    let clear = |machine: &mut Machine, offset: u32, bits: u32| {
        let value = machine.read(offset) & !bits;
        machine.write(offset, value);
    };
    for (offset, bits) in [
        (at::DMATXCTL, bits::DMATXCTL_ENABLE),
        (at::tx_queue(0) + at::QUEUE_CONTROL, bits::QUEUE_ENABLE),
    ] {
        let mut machine = Machine::new(Loop::open());
        machine.bring_up(1);
        clear(&mut machine, offset, bits);
        let place = machine.send(0, &frame(60, 1));
        machine.settle();
        assert!(machine.link.outbound.is_empty());
        assert_eq!(machine.load(place + 8) >> 32 & 1, 0);
        machine.set(offset, bits);
        machine.settle();
        assert_eq!(machine.link.outbound.len(), 1, "it waited");
    }
    for (offset, bits, dropped) in [
        (at::RXCTRL, bits::RXCTRL_ENABLE, 0),
        (at::rx_queue(0) + at::QUEUE_CONTROL, bits::QUEUE_ENABLE, 1),
    ] {
        let mut machine = Machine::new(Loop::open());
        machine.bring_up(1);
        clear(&mut machine, offset, bits);
        machine.link.inbound.push_back(frame(60, 1));
        machine.settle();
        machine.set(offset, bits);
        machine.settle();
        assert!(machine.receive(0).is_none(), "it is lost");
        assert_eq!(machine.read(at::QPRDC), dropped);
        machine.link.inbound.push_back(frame(60, 2));
        machine.settle();
        assert!(machine.receive(0).is_some());
    }
}

#[test]
fn master_disable_stops_dma() {
    let mut machine = Machine::new(Loop::closed());
    machine.bring_up(1);
    assert_ne!(machine.read(at::STATUS) & bits::STATUS_MASTER_ENABLED, 0);
    machine.set(at::CTRL, bits::CTRL_MASTER_DISABLE);
    assert_eq!(machine.read(at::STATUS) & bits::STATUS_MASTER_ENABLED, 0);
    let place = machine.send(0, &frame(60, 1));
    machine.settle();
    assert_eq!(machine.load(place + 8) >> 32 & 1, 0);
}
