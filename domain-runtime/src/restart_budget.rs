//! Budgets of restarts, which limit how many restarts happen within a stretch of time. The code is pure and needs
//! constant memory for every limit.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

use crate::spec::Restart;

/// The number of parts into which the stretch is divided: a restart is forgotten at most one part late.
const PARTS: usize = 32;

/// The number of parts that count: those of a whole stretch, and the part in which the stretch began.
const COUNTED: usize = PARTS.strict_add(1);

/// A restart budget: at most `times` within any stretch of `within`.
///
/// Time is divided into parts. A restart counts in its part, and a part counts until all of it is older than the
/// stretch. So never more than `times` restarts are granted within a stretch, and a restart is forgotten up to 1/32
/// of the stretch (32 ns at least) late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Budget {
    times: u32,
    /// Nanoseconds of a part.
    width: u64,
    /// The number of the newest part that was counted in.
    newest: u64,
    /// Restarts of the parts `newest - PARTS ..= newest`, by number modulo their count.
    parts: [u32; COUNTED],
}

impl Budget {
    /// An unspent budget.
    #[must_use]
    pub(crate) fn new(policy: Restart) -> Self {
        let within = u64::try_from(policy.within.as_nanos()).unwrap_or(u64::MAX);
        Self {
            times: policy.times,
            // Rounded up, so that the parts cover the whole stretch.
            width: within.div_ceil(PARTS as u64).max(1),
            newest: 0,
            parts: [0; COUNTED],
        }
    }

    /// Whether one more restart at `now` nanoseconds would be one too many.
    pub(crate) fn is_spent(&mut self, now: u64) -> bool {
        self.advance(now.strict_div(self.width));
        let mut spent = 0_u32;
        for count in self.parts {
            spent = spent.saturating_add(count);
        }
        spent >= self.times
    }

    /// Counts one restart at `now` nanoseconds. If that would be one too many, returns false and counts nothing.
    pub(crate) fn spend(&mut self, now: u64) -> bool {
        if self.is_spent(now) {
            return false;
        }
        let at = self.newest.strict_rem(COUNTED as u64) as usize;
        self.parts[at] = self.parts[at].saturating_add(1);
        true
    }

    /// Takes the newest restart back, because it came to nothing.
    pub(crate) fn give_back(&mut self) {
        let at = self.newest.strict_rem(COUNTED as u64) as usize;
        self.parts[at] = self.parts[at].saturating_sub(1);
    }

    /// Forgets restarts that are too old. A clock that goes back counts as one that stands still.
    fn advance(&mut self, part: u64) {
        let mut steps = part
            .saturating_sub(self.newest)
            .min(self.parts.len() as u64);
        self.newest = self.newest.max(part);
        while steps > 0 {
            steps = steps.strict_sub(1);
            let part = self.newest.wrapping_sub(steps);
            let at = part.strict_rem(COUNTED as u64) as usize;
            self.parts[at] = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::time::Duration;

    fn budget(times: u32, nanoseconds: u64) -> Budget {
        Budget::new(Restart::limited(times, Duration::from_nanos(nanoseconds)))
    }

    #[test]
    fn no_stretch_exceeds_its_restarts() {
        // Compares with a list of granted restarts, over clocks of all kinds.
        for (times, within) in [(1, 1), (3, 100), (5, 3200), (2, 1 << 40), (7, 31)] {
            let mut budget = budget(times, within);
            let mut granted = alloc::vec::Vec::new();
            let mut now = 17_u64;
            for step in 0..4000_u64 {
                now += step.wrapping_mul(0x9E37_79B9_7F4A_7C15) % (within / 3 + 2);
                let recent = granted.iter().filter(|then| now - **then <= within).count();
                if budget.spend(now) {
                    assert!(recent < times as usize, "{recent} of {times} in {within}");
                    granted.push(now);
                } else {
                    // A restart is forgotten late, by at most the length of one part, which includes the rounding.
                    let slack = (PARTS as u64 + 1) * budget.width;
                    let late = granted.iter().filter(|then| now - **then <= slack).count();
                    assert!(late >= times as usize, "refused without need");
                }
            }
            assert!(granted.len() > times as usize);
        }
    }

    /// Invariant: HEAP-30
    #[test]
    fn a_restart_given_back_is_not_counted() {
        let mut budget = budget(2, 1000);
        for now in 0..100 {
            assert!(budget.spend(now));
            budget.give_back();
        }
        assert!(budget.spend(100) && budget.spend(100) && !budget.spend(100));
        budget.give_back();
        assert!(budget.spend(100) && !budget.spend(100));
    }

    #[test]
    fn zero_and_unlimited_budgets_hold() {
        let mut never = Budget::new(Restart::never());
        assert!(!never.spend(0) && !never.spend(u64::MAX));
        let mut unlimited = budget(u32::MAX, u64::MAX);
        assert!((0..100_000).all(|at| unlimited.spend(at)));
    }

    #[test]
    fn a_clock_that_goes_back_stands_still() {
        let mut budget = budget(2, 1000);
        assert!(budget.spend(5000) && budget.spend(10) && !budget.spend(5001));
        assert!(budget.spend(7000));
    }
}
