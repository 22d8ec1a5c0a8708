//! The power management timer (ACPI Specification 6.5, section 4.8.3.3): 24 bits that wrap within
//! five seconds.

use core::time::Duration;

use spin::Mutex;
use x86_64::instructions::port::PortReadOnly;

use super::ticks_to_duration;

const FREQUENCY: u64 = 3_579_545;
const NANOSECONDS_PER_SECOND: u64 = 1_000_000_000;

/// The bits that every implementation has.
const MASK: u32 = 0x00ff_ffff;

pub(super) struct PmTimer {
    port: u16,
    state: Mutex<State>,
}

/// Extends the counter. Time is lost if nobody reads it for as long as it takes to wrap, 4.7 s.
struct State {
    last: u32,
    ticks: u64,
}

impl PmTimer {
    pub(super) fn start(port: u16) -> Self {
        let last = read(port);
        Self {
            port,
            state: Mutex::new(State { last, ticks: 0 }),
        }
    }

    pub(super) fn elapsed(&self) -> Duration {
        let mut state = self.state.lock();
        let now = read(self.port);
        state.ticks += u64::from(now.wrapping_sub(state.last) & MASK);
        state.last = now;
        ticks_to_duration(state.ticks, NANOSECONDS_PER_SECOND, FREQUENCY)
    }
}

fn read(port: u16) -> u32 {
    // SAFETY: the firmware's tables say that the timer is at this port; reading it has no effect.
    unsafe { PortReadOnly::new(port).read() }
}
