//! Tests of interrupts as a driver sees them: causes, allocation to vectors, clearing, masks and throttling.

mod support;

use samara_ixgbe_emulator::registers::{bits, offset as at};
use samara_ixgbe_emulator::{CountedInterrupts, FlatMemory, Loop, Nic, Options, Progress};
use support::{Machine, frame};

/// Returns a device with `queues` queues that is brought up, and whose counts of interrupts are zero.
fn up(queues: u32) -> Machine {
    let mut machine = Machine::new(Loop::closed());
    machine.bring_up(queues);
    machine.read(at::EICR);
    machine.interrupts = CountedInterrupts::default();
    machine
}

fn raised(machine: &Machine) -> Vec<(usize, u64)> {
    let counts = machine.interrupts.raised.iter().copied().enumerate();
    counts.filter(|&(_, count)| count > 0).collect()
}

#[test]
fn queues_and_directions_have_own_vectors() {
    let mut machine = up(2);
    machine.write(at::EIMS_EX + 4, u32::MAX);
    // Receive queue 0 has vector 33, transmit queue 0 has no vector, and transmit queue 1 has vector 63.
    machine.write(at::IVAR, (0x80 | 63) << 24 | 0x05 << 8 | (0x80 | 33));
    machine.send(0, &frame(60, 1));
    machine.settle();
    assert_eq!(raised(&machine), [(33, 1)]);
    assert_eq!(
        machine.read(at::EICR) & 0xffff,
        0,
        "EICR tells of 16 vectors only"
    );
    machine.send(1, &frame(60, 1));
    machine.settle();
    assert_eq!(raised(&machine), [(33, 2), (63, 1)]);
}

#[test]
fn auto_clear_follows_eiac() {
    let mut machine = up(1);
    machine.write(at::GPIE, bits::GPIE_MULTIPLE_MSIX);
    for (auto, left, count) in [(0xffff, 0, 2), (0, 1, 1)] {
        machine.interrupts = CountedInterrupts::default();
        machine.write(at::EIAC, auto);
        for _ in 0..2 {
            machine.send(0, &frame(60, 1));
            machine.settle();
        }
        assert_eq!(
            raised(&machine),
            [(0, count)],
            "a cause that stands is told once"
        );
        assert_eq!(machine.read(at::EICR) & 1, left);
        assert_eq!(machine.read(at::EICR) & 1, 0, "cleared by reading");
    }
    // Software can also clear causes by writing ones to EICR.
    machine.write(at::EIMC, 1);
    machine.write(at::EICS, 1);
    machine.write(at::EICR, 1);
    assert_eq!(machine.read(at::EICR), 0);
}

#[test]
fn software_sets_causes() {
    let mut machine = up(1);
    machine.write(at::IVAR_MISC, 0x80 | 9 << 8 | 0x8000 | 7);
    machine.write(at::EIMS, 1 | bits::EICR_TCP_TIMER | 1 << 20);
    machine.write(at::EIMS_EX + 4, 1 << 31);
    machine.write(at::EICS, 1 | 2);
    machine.settle();
    assert_eq!(raised(&machine), [(0, 1)], "vector 1 is masked");
    machine.write(at::EICS_EX + 4, 1 << 31);
    machine.write(at::EICS, bits::EICR_TCP_TIMER | 1 << 20);
    machine.settle();
    assert_eq!(raised(&machine), [(0, 1), (7, 1), (9, 1), (63, 1)]);
}

#[test]
fn auto_mask_follows_eiam() {
    let mut machine = up(1);
    machine.set(at::GPIE, bits::GPIE_AUTO_MASK);
    machine.write(at::EIAM_EX, 1);
    for _ in 0..3 {
        machine.send(0, &frame(60, 1));
        machine.settle();
    }
    assert_eq!(raised(&machine), [(0, 1)]);
    assert_eq!(machine.read(at::EIMS) & 1, 0);
    machine.write(at::EIMS, 1);
    machine.settle();
    assert_eq!(raised(&machine), [(0, 2)]);
}

#[test]
fn single_vector_shares_one_throttle() {
    let mut machine = up(1);
    machine.write(at::GPIE, 0);
    machine.write(at::EIMS, bits::EICR_LINK_CHANGE);
    machine.write(at::IVAR, 0x8585);
    machine.write(at::EIMS, 1 << 5);
    // 100 units of 2.048 us.
    machine.write(at::EITR, 100 << 3);
    machine.write(at::EICS, 1);
    machine.settle();
    assert_eq!(raised(&machine), [(0, 1)]);
    assert_eq!(machine.nic.next_deadline(), None);
    // First a queue's cause, then a link change. Both must wait until vector 0 may fire again.
    for change in [false, true] {
        machine.read(at::EICR);
        machine.link.down = change;
        if !change {
            machine.send(0, &frame(60, 1));
        }
        machine.settle();
        let count = 1 + u64::from(change);
        assert_eq!(raised(&machine), [(0, count)]);
        let deadline = machine.nic.next_deadline();
        assert_eq!(deadline, Some(204_800 * count), "neither never nor at once");
        machine.nic.advance(204_800 * count);
        machine.settle();
        assert_eq!(raised(&machine), [(0, count + 1)]);
    }
}

/// Returns a device whose vector 0 has a cause, and a function that steps it until it is idle and returns the number
/// of interrupts raised.
fn cause(foreign: bool, control: u8) -> (Nic, impl FnMut(&mut Nic) -> u64) {
    let mut nic = Nic::new(Options::default().with_foreign_msix_table(foreign));
    nic.config_write(0x04, &[6, 0]);
    nic.config_write(0x72, &[0, control]);
    if !foreign {
        nic.write(4, 12, 4, 0);
    }
    let set = |nic: &mut Nic, offset: u32, value: u32| nic.write(0, offset.into(), 4, value.into());
    set(&mut nic, at::GPIE, bits::GPIE_MULTIPLE_MSIX);
    set(&mut nic, at::EIAC, 1);
    set(&mut nic, at::EIMS, 1);
    set(&mut nic, at::EICS, 1);
    let (mut memory, mut link) = (FlatMemory::new(0, 0), Loop::open());
    let step = move |nic: &mut Nic| {
        let mut interrupts = CountedInterrupts::default();
        while nic.step(&mut memory, &mut link, &mut interrupts) == Progress::More {}
        interrupts.raised.iter().sum()
    };
    (nic, step)
}

#[test]
fn masked_function_interrupts_when_unmasked() {
    const ENABLE: u8 = 0x80;
    const MASK: u8 = 0x40;
    for foreign in [false, true] {
        let (mut nic, mut step) = cause(foreign, ENABLE);
        assert_eq!(step(&mut nic), 1);
        let (mut nic, mut step) = cause(foreign, ENABLE | MASK);
        assert_eq!(step(&mut nic), 0);
        nic.config_write(0x72, &[0, ENABLE]);
        assert_eq!(step(&mut nic), 1, "foreign table: {foreign}");
        assert_eq!(step(&mut nic), 0);
        let (mut nic, mut step) = cause(foreign, 0);
        assert_eq!(step(&mut nic), 0);
        nic.config_write(0x72, &[0, ENABLE]);
        assert_eq!(step(&mut nic), 0);
    }
}
