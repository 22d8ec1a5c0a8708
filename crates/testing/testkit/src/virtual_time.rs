//! The speed of the virtual time of device models. It passes only when the driver reads the clock, or waits.

/// Virtual nanoseconds that pass when the driver reads the clock.
pub(crate) const LOOK: u64 = 1_000;
/// Virtual nanoseconds that pass when the driver pauses between two polls.
pub(crate) const PAUSE: u64 = 250_000;
