//! Tests of documented oddities of real 82599s. Some are faults against which a driver can be tested. Others are
//! steps that drivers leave out, which the emulator counts.

mod support;

use std::num::NonZeroU32;

use samara_ixgbe_emulator::registers::{bits, offset as at};
use samara_ixgbe_emulator::{Faults, Loop, Omissions};
use support::{Machine, frame};

fn with(change: impl FnOnce(&mut Faults)) -> Faults {
    let mut faults = Faults::default();
    change(&mut faults);
    faults
}

/// Returns a device that is brought up with these faults injected.
fn up(change: impl FnOnce(&mut Faults)) -> Machine {
    let mut machine = Machine::new(Loop::open());
    machine.nic.inject(with(change));
    machine.bring_up(1);
    machine
}

fn arrive(machine: &mut Machine, seed: u8) {
    machine.link.inbound.push_back(frame(60, seed));
    machine.settle();
}

fn every(n: u32) -> Option<NonZeroU32> {
    NonZeroU32::new(n)
}

#[test]
fn a_receive_descriptor_comes_back_without_bytes() {
    for ends in [false, true] {
        let mut machine = up(|f| (f.rx_empty_every, f.rx_empty_ends) = (every(2), ends));
        arrive(&mut machine, 1);
        let (bytes, _) = machine.receive(0).expect("a packet");
        assert_eq!(bytes, frame(60, 1));
        arrive(&mut machine, 2);
        let empty = machine.load(Machine::rx_ring(0) + 16 + 8);
        assert_eq!(empty, 1 | u64::from(ends) << 1, "DD, EOP, nothing else");
        let (bytes, _) = machine.receive(0).expect("a packet or nothing");
        if ends {
            assert!(bytes.is_empty());
            let (bytes, _) = machine.receive(0).expect("a packet");
            assert_eq!(bytes, frame(60, 2));
        } else {
            assert_eq!(bytes, frame(60, 2), "the packet goes on behind it");
        }
    }
}

#[test]
fn empty_descriptor_needs_a_spare_one() {
    let mut machine = up(|f| f.rx_empty_every = every(1));
    machine.write(at::RDBAL + at::QUEUE_TAIL, 1);
    arrive(&mut machine, 1);
    assert_eq!(machine.read(at::RDBAL + at::QUEUE_HEAD), 1);
    assert_eq!(machine.load(Machine::rx_ring(0) + 8) >> 32 & 0xffff, 60);
}

#[test]
fn missing_receive_settings_are_counted() {
    let mut machine = up(|_| {});
    let Omissions {
        rx_enabled_unhalted,
        rsc_ack_unset,
        fcoe_write_fix_unset,
        rsc_first_size_left,
        crc_strip_disagrees,
        tail_before_enable,
        ..
    } = machine.nic.omissions();
    let noted = [
        rx_enabled_unhalted,
        rsc_ack_unset,
        fcoe_write_fix_unset,
        rsc_first_size_left,
        crc_strip_disagrees,
    ];
    assert_eq!(noted, [1; 5]);
    assert_eq!(tail_before_enable, 0, "the transmit queue's is 0");
    // Nothing more is counted if receive is already enabled, or if software enables it with the right settings.
    machine.write(at::RXCTRL, bits::RXCTRL_ENABLE);
    machine.write(at::RXCTRL, 0);
    machine.write(at::SECRXCTRL, bits::SECRXCTRL_HALT);
    assert_eq!(machine.read(at::SECRXSTAT), bits::SECRXSTAT_READY);
    let set = bits::RDRXCTL_CRC_STRIP | bits::RDRXCTL_RSC_ACK | bits::RDRXCTL_FCOE_WRITE_FIX;
    machine.write(at::RDRXCTL, set);
    machine.write(at::RXCTRL, bits::RXCTRL_ENABLE);
    machine.write(at::SECRXCTRL, 0);
    assert_eq!(machine.read(at::SECRXSTAT), 0);
    let again = machine.nic.omissions();
    assert_eq!(again.rx_enabled_unhalted, 1);
    assert_eq!(again.rsc_ack_unset, 1);
    assert_eq!(again.fcoe_write_fix_unset, 1);
    assert_eq!(again.rsc_first_size_left, 1);
    assert_eq!(again.crc_strip_disagrees, 1);
}

#[test]
fn frames_are_lost_while_the_path_is_halted() {
    let mut machine = up(|_| {});
    machine.write(at::SECRXCTRL, bits::SECRXCTRL_HALT);
    arrive(&mut machine, 1);
    assert!(machine.receive(0).is_none());
    machine.write(at::SECRXCTRL, 0);
    arrive(&mut machine, 2);
    assert!(machine.receive(0).is_some());
}

#[test]
fn receive_hangs_if_it_is_enabled_in_traffic() {
    let mut machine = up(|f| f.rx_enable_hangs = true);
    arrive(&mut machine, 1);
    assert!(machine.receive(0).is_none(), "it hangs");
    // Disabling receive does not help, but a reset does.
    machine.nic.inject(Faults::default());
    machine.write(at::RXCTRL, 0);
    machine.write(at::RXCTRL, bits::RXCTRL_ENABLE);
    arrive(&mut machine, 2);
    assert!(machine.receive(0).is_none(), "it still hangs");
    machine.bring_up(1);
    arrive(&mut machine, 3);
    assert!(machine.receive(0).is_some());
    // Receive does not hang if it is enabled while the path is halted.
    machine.nic.inject(with(|f| f.rx_enable_hangs = true));
    machine.write(at::RXCTRL, 0);
    machine.write(at::SECRXCTRL, bits::SECRXCTRL_HALT);
    machine.write(at::RXCTRL, bits::RXCTRL_ENABLE);
    machine.write(at::SECRXCTRL, 0);
    arrive(&mut machine, 4);
    assert!(machine.receive(0).is_some());
}

#[test]
fn busy_security_engine_never_reports_a_halt() {
    let mut machine = up(|f| f.security_busy = true);
    machine.write(at::SECRXCTRL, bits::SECRXCTRL_HALT);
    assert_eq!(machine.read(at::SECRXSTAT), 0);
    machine.write(at::RXCTRL, 0);
    machine.write(at::RXCTRL, bits::RXCTRL_ENABLE);
    assert_eq!(machine.nic.omissions().rx_enabled_unhalted, 2);
}

/// Disables the bus master. Returns whether STATUS says that no request is pending.
fn quiesce(machine: &mut Machine) -> bool {
    machine.set(at::CTRL, bits::CTRL_MASTER_DISABLE);
    machine.read(at::STATUS) & bits::STATUS_MASTER_ENABLED == 0
}

#[test]
fn requests_that_do_not_end_need_two_resets() {
    let mut machine = up(|f| f.master_stuck = true);
    assert!(!quiesce(&mut machine));
    machine.nic.advance(1_000_000);
    assert!(!quiesce(&mut machine), "however long one waits");
    machine.write(at::RXCTRL, 0);
    machine.set(at::HLREG0, bits::HLREG0_LOOPBACK);
    machine.set(at::GCR_EXT, bits::GCR_EXT_FLUSH);
    machine.bring_up(1);
    arrive(&mut machine, 1);
    assert!(machine.receive(0).is_none(), "no DMA after one reset");
    // A second reset that comes too soon does not end the requests.
    machine.nic.advance(1_001_000);
    machine.bring_up(1);
    arrive(&mut machine, 2);
    assert!(machine.receive(0).is_none());
    machine.nic.advance(1_003_000);
    machine.bring_up(1);
    arrive(&mut machine, 3);
    assert!(machine.receive(0).is_some());
    assert_eq!(machine.nic.omissions().reset_unflushed, 0);
}

#[test]
fn reset_without_a_flush_is_counted() {
    let mut machine = up(|f| f.master_stuck = true);
    quiesce(&mut machine);
    // A flush while receive is enabled does not count.
    machine.set(at::GCR_EXT, bits::GCR_EXT_FLUSH);
    machine.bring_up(1);
    assert_eq!(machine.nic.omissions().reset_unflushed, 1);
}

#[test]
fn without_the_fault_one_reset_is_enough() {
    let mut machine = up(|_| {});
    assert!(quiesce(&mut machine));
    machine.bring_up(1);
    arrive(&mut machine, 1);
    assert!(machine.receive(0).is_some());
    assert_eq!(machine.nic.omissions().reset_unflushed, 0);
}

#[test]
fn reset_and_eeprom_take_time() {
    let mut machine = Machine::new(Loop::open());
    machine
        .nic
        .inject(with(|f| (f.reset_time, f.eeprom_time) = (5_000, 9_000)));
    machine.nic.advance(100);
    machine.set(at::CTRL, bits::CTRL_RESET);
    let mut told = |now: u64| {
        machine.nic.advance(now);
        [
            machine.read(at::CTRL) & bits::CTRL_RESET != 0,
            machine.read(at::RDRXCTL) & bits::RDRXCTL_DMA_INIT_DONE == 0,
            machine.read(at::EEC) & bits::EEC_AUTO_READ_DONE == 0,
        ]
    };
    assert_eq!(told(100), [true; 3]);
    assert_eq!(told(5_099), [true; 3]);
    assert_eq!(told(5_100), [false, false, true]);
    assert_eq!(told(9_100), [false; 3]);
    machine.nic.inject(with(|f| f.eeprom_time = u64::MAX));
    machine.set(at::CTRL, bits::CTRL_RESET);
    machine.nic.advance(1 << 60);
    assert_eq!(machine.read(at::EEC) & bits::EEC_AUTO_READ_DONE, 0, "never");
}

#[test]
fn early_access_after_a_reset_is_counted() {
    let mut machine = Machine::new(Loop::open());
    for (now, wait, noted) in [(0, 0, 1), (1 << 30, 999_999, 2), (1 << 31, 1_000_000, 2)] {
        machine.nic.advance(now);
        machine.set(at::CTRL, bits::CTRL_RESET);
        machine.read(at::CTRL);
        machine.nic.advance(now + wait);
        machine.read(at::STATUS);
        machine.read(at::STATUS);
        assert_eq!(machine.nic.omissions().access_after_reset, noted);
    }
}

#[test]
fn queue_enable_takes_effect_after_its_time() {
    let mut machine = Machine::new(Loop::open());
    machine.bring_up(1);
    machine.nic.inject(with(|f| f.queue_time = 10_000));
    let control = at::RDBAL + at::QUEUE_CONTROL;
    let enabled = |machine: &mut Machine| machine.read(control) & bits::QUEUE_ENABLE != 0;
    machine.write(control, 0);
    assert!(enabled(&mut machine));
    arrive(&mut machine, 1);
    assert!(machine.receive(0).is_some(), "it goes on until then");
    machine.nic.advance(10_000);
    assert!(!enabled(&mut machine));
    arrive(&mut machine, 2);
    assert!(machine.receive(0).is_none());
    machine.write(control, bits::QUEUE_ENABLE);
    assert!(!enabled(&mut machine));
    let before = machine.nic.omissions().tail_before_enable;
    machine.write(at::RDBAL + at::QUEUE_TAIL, 5);
    assert_eq!(machine.nic.omissions().tail_before_enable, before + 1);
    machine.nic.advance(20_000);
    arrive(&mut machine, 3);
    assert!(machine.receive(0).is_some());
    // Of two writes before the change takes effect, the last one counts.
    machine.write(control, 0);
    machine.write(control, bits::QUEUE_ENABLE);
    machine.nic.advance(40_000);
    assert!(enabled(&mut machine));
}

#[test]
fn sticky_cause_silences_its_vector() {
    for (sticks, again) in [(false, 2), (true, 1)] {
        let mut machine = up(|f| f.cause_sticks = sticks);
        machine.write(at::EICS, 1);
        machine.settle();
        assert_eq!(machine.interrupts.raised[0], 1);
        arrive(&mut machine, 1);
        assert_eq!(machine.interrupts.raised[0], again);
        // Software clears the cause by a write to EICR.
        machine.write(at::EICR, 1);
        arrive(&mut machine, 2);
        assert_eq!(machine.interrupts.raised[0], again + 1);
        // If the vector is masked automatically when it fires, the fault does not occur.
        machine.set(at::GPIE, bits::GPIE_AUTO_MASK);
        machine.write(at::EIAM, 0xffff);
        for _ in 0..2 {
            machine.write(at::EICS, 1);
            machine.settle();
            machine.write(at::EIMS, 1);
        }
        assert_eq!(machine.interrupts.raised[0], again + 3);
    }
}

#[test]
fn messages_are_lost() {
    let mut machine = up(|f| f.message_lost_every = every(3));
    for seed in 0..9 {
        arrive(&mut machine, seed);
    }
    assert_eq!(machine.interrupts.raised[0], 6);
    assert_eq!(
        machine.read(at::RDBAL + at::QUEUE_HEAD),
        9,
        "frames are not"
    );
}

#[test]
fn links_register_is_late_or_wrong() {
    let up_now = |machine: &mut Machine| machine.read(at::LINKS) & bits::LINKS_UP != 0;
    let mut machine = up(|_| {});
    assert!(up_now(&mut machine));
    machine.nic.inject(with(|f| f.links_stale = true));
    machine.link.down = true;
    machine.settle();
    assert_eq!([(); 3].map(|()| up_now(&mut machine)), [true, false, false]);
    machine.nic.inject(with(|f| f.links_ghost = true));
    let looks = [(); 6].map(|()| up_now(&mut machine));
    assert!(looks.contains(&true) && looks.contains(&false));
    machine.link.down = false;
    machine.settle();
    assert_eq!([(); 6].map(|()| up_now(&mut machine)), [true; 6]);
}

#[test]
fn software_enables_a_link_disabled_by_the_eeprom() {
    let mut machine = Machine::new(Loop::open());
    machine.nic.inject(with(|f| f.link_disabled = true));
    machine.set(at::CTRL, bits::CTRL_RESET);
    machine.set(at::AUTOC, bits::AUTOC_RESTART);
    machine.settle();
    assert_eq!(machine.read(at::LINKS) & bits::LINKS_UP, 0);
    let second = machine.read(at::AUTOC2);
    machine.write(at::AUTOC2, second & !bits::AUTOC2_LINK_DISABLE);
    machine.settle();
    assert_ne!(machine.read(at::LINKS) & bits::LINKS_UP, 0);
}

#[test]
fn undefined_filters_misdirect_frames() {
    let mut machine = up(|f| f.filters_undefined = true);
    arrive(&mut machine, 1);
    assert!(machine.receive(0).is_none(), "a filter took it");
    assert_eq!(machine.nic.drops().rx_no_descriptor, 1);
    for filter in 0..128 {
        machine.write(at::FTQF + filter * 4, 0);
    }
    arrive(&mut machine, 2);
    assert!(machine.receive(0).is_some());
}

#[test]
fn fragment_is_reported_with_a_bad_checksum() {
    let mut first = vec![0; 60];
    first[..6].fill(0xff);
    first[12..14].copy_from_slice(&[8, 0]);
    first[14] = 0x45;
    first[16..18].copy_from_slice(&40u16.to_be_bytes());
    first[20] = 0x20;
    first[24..26].copy_from_slice(&(!0x6528u16).to_be_bytes());
    for (fault, error) in [(false, 0), (true, 1)] {
        let mut machine = up(|f| f.fragment_checksum = fault);
        machine.link.inbound.push_back(first.clone());
        machine.settle();
        let (_, [_, status]) = machine.receive(0).expect("a packet");
        assert_eq!(status >> 31 & 1, error, "IPE");
    }
}
