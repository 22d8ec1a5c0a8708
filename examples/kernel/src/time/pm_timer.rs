//! The power management timer (ACPI Specification 6.5, section 4.8.3.3): 24 bits that wrap within
//! five seconds.

use core::time::Duration;

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use x86_64::instructions::port::PortReadOnly;

use super::ticks::ticks_to_duration;

const FREQUENCY: u64 = 3_579_545;
const NANOSECONDS_PER_SECOND: u64 = 1_000_000_000;

/// The bits that every implementation has.
const MASK: u32 = 0x00ff_ffff;

pub(super) struct PmTimer {
    port: u16,
    /// What was read last, extended to 64 bits. Time is lost if nobody reads it for as long as it
    /// takes to wrap, 4.7 s. No lock: trap handlers ask, too.
    last: AtomicU64,
    origin: u64,
}

impl PmTimer {
    pub(super) fn start(port: u16) -> Self {
        let origin = u64::from(read(port));
        Self {
            port,
            last: AtomicU64::new(origin),
            origin,
        }
    }

    pub(super) fn elapsed(&self) -> Duration {
        let last = self.last.load(Relaxed);
        let now = extend(last, read(self.port));
        // Whoever read later may have stored already: then time has gone on past `now`.
        let latest = self.last.fetch_max(now, Relaxed).max(now);
        ticks_to_duration(latest - self.origin, NANOSECONDS_PER_SECOND, FREQUENCY)
    }
}

/// The first time after `last` at which the counter's low bits read `now`.
fn extend(last: u64, now: u32) -> u64 {
    let ahead = now.wrapping_sub(last as u32) & MASK;
    last + u64::from(ahead)
}

fn read(port: u16) -> u32 {
    // SAFETY: the firmware's tables say that the timer is at this port; reading it has no effect.
    unsafe { PortReadOnly::new(port).read() }
}
