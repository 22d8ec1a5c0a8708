//! How fast the virtual time of device models passes: only as the driver looks at the clock, or waits.

/// Virtual nanoseconds that a look at the clock takes.
pub(crate) const LOOK: u64 = 1_000;
/// Virtual nanoseconds that a pause between two polls takes.
pub(crate) const PAUSE: u64 = 250_000;
