//! Steps with interrupts: the driver claims them, waits for them, and drops them. The drop of an interrupt masks it.

use std::time::Duration;

use samara_device_io::pci::InterruptError;
use samara_device_io::{Interrupt, PciFunction};

use super::Hand;
use crate::driver::Kind;
use crate::step::Numbers;
use crate::surface::{call, traits};

pub(super) fn step<D: Kind>(hand: &Hand<'_>, numbers: &mut Numbers) {
    if numbers.one_in(3) {
        return claim::<D>(hand, numbers);
    }
    let Some(mut place) = hand.driver.interrupts.any(numbers) else {
        return claim::<D>(hand, numbers);
    };
    let Some(interrupt) = &*place else { return };
    traits!(interrupt, Interrupt: Debug);
    match numbers.below(4) {
        0 => drop(call!(Interrupt::vector, interrupt)),
        1 => {
            let seen = call!(Interrupt::count, interrupt);
            call!(Interrupt::wait, interrupt, seen, Duration::ZERO);
        }
        2 => *place = None,
        _ => {
            if hand.driver.is_domain {
                std::mem::forget(place.take());
            }
        }
    }
}

fn claim<D: Kind>(hand: &Hand<'_>, numbers: &mut Numbers) {
    hand.with::<D, _>(numbers, None, |function, _, numbers| {
        let vector = numbers.of_these(&[0, 0, 1, 2, 15, 16, 700]);
        match call!(PciFunction::<D>::interrupt, function, vector) {
            Ok(interrupt) => {
                hand.law(
                    call!(Interrupt::vector, &interrupt) == vector,
                    "an interrupt has another vector than was claimed",
                );
                // If the place held another interrupt, that interrupt is dropped here, which masks it.
                drop(hand.driver.interrupts.put(numbers, interrupt));
            }
            Err(error) => traits!(&error, InterruptError: Debug, Display, Clone, Eq),
        }
    });
}
