//! How devices misbehave. They may report anything, but they touch only memory that they were told of.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use samara_ixgbe_emulator::{Faults, WriteBack};
use samara_testkit::hosted::as_host;
use samara_testkit::ixgbe_bus::{self, IxgbeBus};
use samara_testkit::lost_writes::LostWrites;
use samara_testkit::nvme_emulator::{self, NvmeEmulator};
use samara_testkit::virtio_emulator::{self, VirtioEmulator};

use crate::bench::{Any, bench};
use crate::ledger::{self, DEVICES};
use crate::step::Numbers;

/// Devices that were unplugged.
static REMOVED: [AtomicBool; DEVICES] = [const { AtomicBool::new(false) }; DEVICES];

/// Records that the device was plugged in.
pub(crate) fn plugged(device: usize) {
    REMOVED[device].store(false, Relaxed);
}

/// Whether the device was unplugged.
pub(crate) fn is_removed(device: usize) -> bool {
    REMOVED[device].load(Relaxed)
}

/// Plugs a device in again if it was unplugged, in its power-on state.
fn come_back(device: usize, numbers: &mut Numbers) {
    if is_removed(device) {
        bench().replug_one(device, numbers);
    }
}

/// Unplugs the device.
fn remove(device: usize) {
    REMOVED[device].store(true, Relaxed);
    match bench().all()[device] {
        Any::Nvme(model) => model.switch(|switches| switches.removed = true),
        Any::Ixgbe(model) => {
            let mut faults = Faults::default();
            faults.removed = true;
            model.inject(faults);
        }
        Any::Virtio(model) => model.switch(|switches| switches.removed = true),
    }
}

/// Switches a misbehaviour of a device on.
pub(crate) fn lie(device: usize, numbers: &mut Numbers) {
    come_back(device, numbers);
    if numbers.one_in(16) {
        return remove(device);
    }
    match bench().all()[device] {
        Any::Nvme(model) => nvme(model, numbers),
        Any::Ixgbe(model) => ixgbe(model, numbers),
        Any::Virtio(model) => virtio(model, numbers),
    }
}

/// Makes the device tell the truth again.
pub(crate) fn heal(device: usize, numbers: &mut Numbers) {
    come_back(device, numbers);
    match bench().all()[device] {
        Any::Nvme(model) => model.switch(|switches| {
            *switches = nvme_emulator::Switches {
                keeps_its_word: true,
                ..nvme_emulator::Switches::default()
            };
        }),
        Any::Ixgbe(model) => model.inject(Faults::default()),
        Any::Virtio(model) => model.switch(|switches| {
            *switches = virtio_emulator::Switches {
                keeps_its_word: true,
                enables_early: switches.enables_early,
                polls: switches.polls,
                ..virtio_emulator::Switches::default()
            };
        }),
    }
}

/// Makes the device complete a command that it was not told of, in place of the next one.
pub(crate) fn guess(device: usize, tag: u16) {
    if let Any::Nvme(model) = bench().all()[device] {
        let wrong = nvme_emulator::Misbehaviour::Cid(tag);
        as_host(|| model.switch(|switches| switches.next.push_front(Some(wrong))));
    }
}

/// Chooses which register writes are lost: up to 6 in a row, among the first writes from now on.
fn lost(numbers: &mut Numbers) -> LostWrites {
    LostWrites {
        after: numbers.below(12) as u32,
        count: 1 + numbers.below(6) as u32,
    }
}

fn nvme(model: &NvmeEmulator, numbers: &mut Numbers) {
    use nvme_emulator::Misbehaviour::*;
    let mut wrong = || {
        // The tag is one of three: the tag of a command that was put lately, the tag that the same slot gets at its
        // next use, or the tag that slot 0, 1, 2 or 3 has after up to 5 uses.
        let tag = match numbers.below(4) {
            0 => (numbers.below(4) | numbers.below(6) << 6) as u16,
            1 => ledger::some_tag(numbers.below(64)).wrapping_add(1 << 6),
            _ => ledger::some_tag(numbers.below(64)),
        };
        let all = [
            Status(0),
            Status(0),
            Status(2),
            Cid(tag),
            Cid(tag),
            Twice,
            Twice,
            WrongPhase,
            Queue(numbers.below(4) as u16),
            Head(numbers.below(70) as u16),
            Silent,
            Zero,
            Ghost,
        ];
        numbers.of_these(&all)
    };
    let (first, second) = (wrong(), wrong());
    match numbers.below(17) {
        0..6 => model.switch(|switches| {
            switches.next.push_back(Some(first));
            switches.next.push_back(None);
            switches.next.push_back(Some(second));
        }),
        6 => model.switch(|switches| switches.every = Some(first)),
        7 => model.switch(|switches| switches.every_admin = Some(first)),
        8 => model.switch(|switches| switches.hang = true),
        9 => model.switch(|switches| switches.hang_all = numbers.one_in(2)),
        10 => model.switch(|switches| switches.never_ready = numbers.one_in(2)),
        11 => model.switch(|switches| switches.never_idle = numbers.one_in(2)),
        12 => model.switch(|switches| switches.fatal = true),
        13 => model.switch(|switches| {
            // The reported blocks are larger than the real ones with their metadata. If they were smaller, the device
            // would transfer more bytes than the engine told it to.
            switches.identify_as = Some(nvme_emulator::NamespaceShape {
                block_shift: numbers.of_these(&[13, 16, 17]),
                format: numbers.of_these(&[0, 1, 15, 63]),
                last_format: numbers.of_these(&[0, 1, 63]),
                ..nvme_emulator::NamespaceShape::PLAIN
            });
        }),
        14 => model.switch(|switches| {
            switches.mute_namespace = numbers.of_these(&[None, Some(1), Some(2), Some(3)]);
        }),
        15 => model.switch(|switches| match numbers.one_in(2) {
            true => switches.lost_writes = lost(numbers),
            false => switches.lost_config_writes = lost(numbers),
        }),
        _ => model.switch(|switches| switches.mdts = Some(numbers.below(256) as u8)),
    }
}

fn ixgbe(model: &IxgbeBus, numbers: &mut Numbers) {
    let some = |number: usize| NonZeroU32::new(number as u32 + 1);
    let mut faults = Faults::default();
    match numbers.below(11) {
        0 => {
            let steps = some(numbers.of_these(&[0, 0, 100, 10_000]));
            faults.write_back = steps.map_or(WriteBack::Lost, WriteBack::Delayed);
        }
        1 => faults.write_back = WriteBack::Reordered,
        2 => {
            let flips = [1 << numbers.below(64), 1 << (1 + numbers.below(31))];
            faults.write_back = WriteBack::Corrupted(flips);
        }
        3 => faults.write_back = WriteBack::Lost,
        4 => faults.link_down = true,
        5 => faults.dma_error_every = some(1 + numbers.below(20)),
        6 => {
            faults.rx_empty_every = some(numbers.below(4));
            faults.rx_empty_ends = numbers.one_in(2);
        }
        7 => faults.master_stuck = true,
        8 => faults.queue_time = numbers.of_these(&[1_000_000, 5_000_000, 100_000_000]),
        9 => faults.reset_time = numbers.of_these(&[1_000_000, 500_000_000]),
        _ => faults.rx_enable_hangs = true,
    }
    model.inject(faults);
}

fn virtio(model: &VirtioEmulator, numbers: &mut Numbers) {
    use virtio_emulator::Misbehaviour::*;
    let queue = numbers.below(2);
    let mut wrong = || {
        let all = [
            Id(numbers.below(20) as u32),
            Id(numbers.below(8) as u32 * 3),
            Id(numbers.below(8) as u32 * 2),
            Twice,
            Twice,
            Length(numbers.below(5000) as u32),
            Overlong(1 + numbers.below(5000) as u32),
            Jump(1 + numbers.below(3) as u16),
            Jump(1 + numbers.below(20) as u16),
            Silent,
            Late(1 + numbers.below(6) as u32),
            NeedsReset,
            Status(numbers.below(4) as u8),
            NoStatus,
        ];
        numbers.of_these(&all)
    };
    let (first, second) = (wrong(), wrong());
    match numbers.below(12) {
        0..6 => model.switch(|switches| {
            switches.next[queue].push_back(Some(first));
            switches.next[queue].push_back(None);
            switches.next[queue].push_back(Some(second));
        }),
        6 => model.switch(|switches| switches.hang = true),
        7 => model.switch(|switches| switches.never_reset = numbers.one_in(2)),
        8 => model.switch(|switches| switches.reset_takes = numbers.below(4) as u32),
        9 => model.switch(|switches| switches.blind_after_reset = numbers.below(4) as u32),
        10 => model.switch(|switches| match numbers.one_in(2) {
            true => switches.lost_writes = lost(numbers),
            false => switches.lost_config_writes = lost(numbers),
        }),
        _ => model.break_down(),
    }
}

/// Sends frames to the device from outside.
pub(crate) fn frames(device: usize, numbers: &mut Numbers) {
    let frame = |numbers: &mut Numbers| {
        let length = numbers.of_these(&[60, 60, 64, 1000, 1514, 2040]);
        ixgbe_bus::frame(length, numbers.below(256) as u8)
    };
    match bench().all()[device] {
        Any::Nvme(_) => {}
        Any::Ixgbe(model) => {
            for _ in 0..=numbers.below(4) {
                let frame = match numbers.one_in(8) {
                    true => ixgbe_bus::fcoe_frame(numbers.below(4) as u16, &[0x5A; 512]),
                    false => frame(numbers),
                };
                model.link(|link| link.inbound.push_back(frame));
            }
        }
        Any::Virtio(model) => {
            for _ in 0..=numbers.below(4) {
                let frame = frame(numbers);
                model.receive(&frame[..frame.len().min(1514)]);
            }
        }
    }
}

/// Replaces an 82599 that no driver has claimed by one that firmware has used since power-on. The firmware has left a
/// valid FCoE context and perhaps bus mastering. Apart from drivers, only this function makes a device bus master.
pub(crate) fn firmware(device: usize, numbers: &mut Numbers) {
    if let Any::Ixgbe(model) = bench().all()[device]
        && !ledger::is_claimed(device)
    {
        bench().replug_one(device, numbers);
        let list = ledger::some_address(numbers.below(64));
        model.leave_fcoe_context(numbers.below(4) as u32, list);
        model.master(numbers.one_in(2));
    }
}
