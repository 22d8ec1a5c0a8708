//! Converts ticks of a clock to time.

use core::time::Duration;

/// Returns the duration of `ticks` ticks of a clock whose period is `numerator / denominator` nanoseconds.
pub(super) fn ticks_to_duration(ticks: u64, numerator: u64, denominator: u64) -> Duration {
    let nanoseconds = u128::from(ticks) * u128::from(numerator) / u128::from(denominator.max(1));
    Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
}
