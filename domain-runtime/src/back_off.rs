//! How long a call that has crashed its domain backs off before it is repeated.

/// The first repetition is made at once, the second after this time; then the time doubles.
const BASE_NS: u64 = 1_000_000;
/// The longest time.
const LONGEST_NS: u64 = 100_000_000;

/// Nanoseconds to wait after the `crashes`-th crash: 0, 1, 2, 4 … 100 ms.
pub(crate) const fn delay(crashes: u32) -> u64 {
    if crashes < 2 {
        return 0;
    }
    let doublings = if crashes - 2 < 16 { crashes - 2 } else { 16 };
    let wait = BASE_NS << doublings;
    if wait < LONGEST_NS { wait } else { LONGEST_NS }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delay_doubles_to_a_limit() {
        let waits = [0, 1, 2, 3, 4, 8, 9, 40, u32::MAX].map(delay);
        let ms = waits.map(|ns| ns / 1_000_000);
        assert_eq!(ms, [0, 0, 1, 2, 4, 64, 100, 100, 100]);
    }
}
