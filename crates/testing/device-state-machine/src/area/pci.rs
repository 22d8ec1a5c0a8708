//! Steps with PCI functions: claims, drops, resets, silences and queries.

use samara_device_io::host::Clock;
use samara_device_io::pci::Silenced;
use samara_device_io::{Deadline, DeviceSlot, PciFunction, PciSlot};

use super::Hand;
use crate::bench::bench;
use crate::coverage::{Milestone, note};
use crate::driver::{Claimed, Kind};
use crate::ledger;
use crate::step::Numbers;
use crate::surface::{call, traits};

pub(super) fn step<D: Kind>(hand: &Hand<'_>, numbers: &mut Numbers) {
    match numbers.below(24) {
        0..5 => claim::<D>(hand, numbers),
        5 if numbers.one_in(2) => end::<D>(hand, numbers),
        6 => reset::<D>(hand, numbers),
        7 => silence::<D>(hand, numbers),
        8..13 => master::<D>(hand, numbers),
        13..16 => ask::<D>(hand, numbers),
        16..22 => relax::<D>(hand, numbers),
        _ => time::<D>(hand, numbers),
    }
}

/// Tries to claim a function, even if it is claimed already.
pub(super) fn claim<D: Kind>(hand: &Hand<'_>, numbers: &mut Numbers) {
    let board = &D::boards(hand.driver)[hand.which(numbers)];
    let Some(mut held) = board.change() else {
        return;
    };
    match call!(DeviceSlot::<D>::claim, &board.slot) {
        Ok(function) => {
            hand.law(held.is_none(), "a function was claimed twice at once");
            let holder = ledger::claimed(board.number, hand.driver.name);
            let is_master = bench().is_bus_master(board.number);
            hand.law(!is_master, "a device is bus master right after its claim");
            note(Milestone::Claims);
            *held = Some(Claimed { function, holder });
        }
        Err(error) => {
            traits!(&error, samara_device_io::pci::ClaimError: Debug, Display, Clone, Eq);
        }
    }
}

/// Drops a function, which ends its claim. Sometimes forgets it (`mem::forget`) instead, and the claim ends with the
/// domain.
fn end<D: Kind>(hand: &Hand<'_>, numbers: &mut Numbers) {
    let board = &D::boards(hand.driver)[hand.which(numbers)];
    let Some(mut held) = board.change() else {
        return;
    };
    let Some(Claimed { function, holder }) = held.take() else {
        return;
    };
    if hand.driver.is_domain && numbers.one_in(8) {
        std::mem::forget(function);
        return;
    }
    drop(function);
    let is_master = bench().is_bus_master(board.number);
    hand.law_alone(
        !is_master,
        "a device is bus master after the end of its claim",
    );
    ledger::over(holder);
}

fn reset<D: Kind>(hand: &Hand<'_>, numbers: &mut Numbers) {
    hand.with::<D, _>(numbers, None, |function, holder, _| {
        let before = call!(PciFunction::<D>::epoch, function);
        ledger::told("is reset", holder);
        ledger::resets(holder);
        let done = call!(PciFunction::<D>::reset, function);
        let after = call!(PciFunction::<D>::epoch, function);
        hand.law_alone(
            done.is_err() || before != after,
            "a successful reset did not end the epoch",
        );
        note(Milestone::Resets);
        if let Err(error) = done {
            traits!(&error, samara_device_io::pci::ResetError: Debug, Display, Clone, Eq);
        }
    });
}

fn silence<D: Kind>(hand: &Hand<'_>, numbers: &mut Numbers) {
    hand.with::<D, _>(numbers, None, |function, holder, _| {
        let before = call!(PciFunction::<D>::epoch, function);
        ledger::told("is silenced", holder);
        ledger::resets(holder);
        let silenced = call!(PciFunction::<D>::silence, function);
        let after = call!(PciFunction::<D>::epoch, function);
        note(Milestone::Silences);
        hand.law(before != after, "a silence did not end the epoch");
        let is_master = bench().is_bus_master(holder.device);
        let is_silent = !is_master || silenced == Silenced::Absent;
        hand.law_alone(is_silent, "a device is bus master after it was silenced");
        traits!(&silenced, Silenced: Debug, Clone, Eq);
    });
}

fn master<D: Kind>(hand: &Hand<'_>, numbers: &mut Numbers) {
    hand.with::<D, _>(numbers, None, |function, holder, _| {
        let enabled = call!(PciFunction::<D>::enable_bus_master, function);
        hand.only_reset(holder, enabled.is_ok());
        match enabled {
            Ok(()) => ledger::told("is bus master", holder),
            Err(error) => {
                traits!(&error, samara_device_io::pci::NotIdle: Debug, Display, Clone, Eq);
            }
        }
    });
}

/// Queries the function and its slot.
fn ask<D: Kind>(hand: &Hand<'_>, numbers: &mut Numbers) {
    let board = &D::boards(hand.driver)[hand.which(numbers)];
    let copy = call!(<DeviceSlot<D> as Clone>::clone, &board.slot);
    let _ = call!(DeviceSlot::<D>::is_present, &copy);
    let place = call!(DeviceSlot::<D>::place, &copy);
    let _ = call!(PciSlot::address, place);
    let _ = call!(PciSlot::id, place);
    traits!(&copy, DeviceSlot<D>: Debug);
    traits!(place, PciSlot: Debug);
    hand.with::<D, _>(numbers, None, |function, _, numbers| {
        traits!(function, PciFunction<D>: Debug);
        let address = call!(PciFunction::<D>::address, function);
        traits!(&address, samara_device_io::host::PciAddress: Debug, Display, Clone, Eq);
        let id = call!(PciFunction::<D>::id, function);
        traits!(&id, samara_device_io::pci::PciId: Debug, Clone, Eq);
        let offset = numbers.below(1 << 16) as u16;
        let _ = call!(PciFunction::<D>::config, function, offset);
        for (_, at) in call!(PciFunction::<D>::capabilities, function) {
            let _ = call!(PciFunction::<D>::config, function, at);
        }
        // A driver sees only the low bits of a base address register, which tell its kind. It never sees the address.
        let bar = call!(PciFunction::<D>::config, function, 0x10);
        let is_gone = bar == u32::MAX;
        hand.law(
            is_gone || bar & !0xF == 0,
            "a driver can read a base address",
        );
    });
}

/// Lets the driver wait and the device work.
fn relax<D: Kind>(hand: &Hand<'_>, numbers: &mut Numbers) {
    hand.with::<D, _>(numbers, None, |function, holder, numbers| {
        let clock = call!(PciFunction::<D>::clock, function);
        for _ in 0..=numbers.below(3) {
            call!(<dyn Clock as Clock>::relax, clock);
        }
        bench().all()[holder.device].work(1);
    });
}

/// Calls the functions that wait on the clock. Conditions and deadlines are chosen so that each wait ends.
fn time<D: Kind>(hand: &Hand<'_>, numbers: &mut Numbers) {
    hand.with::<D, _>(numbers, None, |function, _, numbers| {
        let clock = call!(PciFunction::<D>::clock, function);
        let millis = numbers.below(12) as u64;
        let deadline = match numbers.one_in(2) {
            true => call!(Deadline::after, clock, millis),
            false => call!(PciFunction::<D>::deadline, function, millis),
        };
        let copy = call!(<Deadline as Clone>::clone, &deadline);
        let mut left = numbers.below(4);
        let mut done = || {
            left = left.saturating_sub(1);
            left == 0
        };
        match numbers.below(5) {
            0 => drop(call!(Deadline::passed, &copy)),
            1 => drop(call!(Deadline::poll, &copy, done)),
            2 => drop(call!(Deadline::wait_for, &copy, || done().then_some(1))),
            3 => call!(Deadline::sleep, &copy),
            _ => {
                let _ = call!(PciFunction::<D>::wait_for, function, millis, || done()
                    .then_some(1));
            }
        }
        let earlier = call!(<dyn Clock as Clock>::now, clock);
        hand.law(
            call!(<dyn Clock as Clock>::now, clock) >= earlier,
            "a clock went backwards",
        );
    });
}
