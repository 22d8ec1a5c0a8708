//! Time since boot, monotonic: from the HPET, or where there is none the ACPI power management
//! timer.

mod hpet;
mod pm_timer;

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

/// `ticks` of a clock whose period is `numerator / denominator` nanoseconds.
fn ticks_to_duration(ticks: u64, numerator: u64, denominator: u64) -> Duration {
    let nanoseconds = u128::from(ticks) * u128::from(numerator) / u128::from(denominator.max(1));
    Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
}
