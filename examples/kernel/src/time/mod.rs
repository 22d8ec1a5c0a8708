//! The monotonic time since boot, from the HPET, or from the ACPI power management timer if there is no HPET.

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

/// Finds a clock. Returns false if the machine has no clock. The time then stays zero.
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

/// Returns the time since [`init`] found the clock. The call reads a device register, which takes about a
/// microsecond.
pub(crate) fn since_boot() -> Duration {
    match CLOCK.get() {
        Some(Clock::Hpet(hpet)) => hpet.elapsed(),
        Some(Clock::PmTimer(timer)) => timer.elapsed(),
        None => Duration::ZERO,
    }
}
