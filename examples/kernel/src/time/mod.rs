//! Time since boot, monotonic: from the HPET, or where there is none the ACPI power management
//! timer.

mod hpet;
mod pm_timer;
mod ticks;

use core::time::Duration;

use spin::Once;

use crate::firmware::Firmware;
use hpet::Hpet;
use pm_timer::PmTimer;

enum Clock {
    Hpet(Hpet),
    PmTimer(PmTimer),
}

static CLOCK: Once<Clock> = Once::new();

/// Finds a clock; false if the machine has none, and then time stands still.
pub(crate) fn init(firmware: &Firmware) -> bool {
    let hpet = firmware.hpet.and_then(Hpet::start).map(Clock::Hpet);
    let clock = hpet.or_else(|| {
        firmware
            .pm_timer
            .map(|port| Clock::PmTimer(PmTimer::start(port)))
    });
    match clock {
        Some(clock) => {
            CLOCK.call_once(|| clock);
            true
        }
        None => false,
    }
}

/// Time since the clock was found. Costs a device register read, about a microsecond.
pub(crate) fn since_boot() -> Duration {
    match CLOCK.get() {
        Some(Clock::Hpet(hpet)) => hpet.elapsed(),
        Some(Clock::PmTimer(timer)) => timer.elapsed(),
        None => Duration::ZERO,
    }
}
