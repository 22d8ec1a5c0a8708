//! The power management timer (ACPI Specification 6.5, section 4.8.3.3): a counter of 24 bits, which wraps within five
//! seconds.

use core::time::Duration;

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use x86_64::instructions::port::PortReadOnly;

use super::ticks::ticks_to_duration;

const FREQUENCY: u64 = 3_579_545;
const NANOSECONDS_PER_SECOND: u64 = 1_000_000_000;

/// The 24 bits that every implementation has.
const MASK: u32 = 0x00ff_ffff;

pub(super) struct PmTimer {
    port: u16,
    /// The last value that was read, extended to 64 bits. If the timer is not read for 4.7 s, it wraps unnoticed and
    /// time is lost. It is an atomic and needs no lock, since trap handlers read the time, too.
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
        // Another thread may have read the timer later and stored its value already. Then the stored value is the
        // time.
        let latest = self.last.fetch_max(now, Relaxed).max(now);
        ticks_to_duration(latest - self.origin, NANOSECONDS_PER_SECOND, FREQUENCY)
    }
}

/// Returns the smallest value that is at least `last` and whose low 24 bits are those of `now`.
fn extend(last: u64, now: u32) -> u64 {
    let ahead = now.wrapping_sub(last as u32) & MASK;
    last + u64::from(ahead)
}

fn read(port: u16) -> u32 {
    // SAFETY: the firmware's tables say that the timer is at this port, and reading it has no side effect.
    unsafe { PortReadOnly::new(port).read() }
}
