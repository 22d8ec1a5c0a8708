//! What is noticed by looks at the device, beside a transmit queue that [stands still](samara_driver::poll_interval::Watch). Pure.

/// Notices reports of what was received that are out of order.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Order {
    /// Since when the next frame received was not reported, while later ones are.
    broken: Option<u64>,
}

impl Order {
    /// Whether reports have been out of order for `nanos` by now, at each look.
    pub(crate) fn is_lost(&mut self, disorder: bool, now: u64, nanos: u64) -> bool {
        if !disorder {
            self.broken = None;
            return false;
        }
        let since = *self.broken.get_or_insert(now);
        now.saturating_sub(since) > nanos
    }
}

/// The device's counts of frames that arrived, summed over all its reads since the driver's start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Arrivals {
    /// Given to a queue.
    pub(crate) received: u64,
    /// Dropped for want of packet buffer.
    pub(crate) overrun: u64,
}

/// Notices reception that stands still: the device drops frames for want of room, and gives none to any queue.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reception {
    /// When to look again.
    next: u64,
    /// What the last look saw.
    seen: Arrivals,
    /// Since when nothing but drops was seen.
    deaf: Option<u64>,
}

impl Reception {
    /// Begins at a time when a device has counted so much.
    pub(crate) fn since(seen: Arrivals) -> Self {
        Self {
            seen,
            ..Self::default()
        }
    }

    /// Whether a look is due at time `now`: four in `nanos`.
    pub(crate) fn is_due(&mut self, now: u64, nanos: u64) -> bool {
        let is_due = now >= self.next;
        if is_due {
            self.next = now.saturating_add(nanos / 4);
        }
        is_due
    }

    /// Whether it has stood still for `nanos` by now, by what was counted until `now`; frames may be `waiting` to be taken.
    pub(crate) fn hangs(&mut self, counts: Arrivals, waiting: bool, now: u64, nanos: u64) -> bool {
        let seen = core::mem::replace(&mut self.seen, counts);
        if waiting || counts.received != seen.received {
            self.deaf = None;
            return false;
        }
        if counts.overrun == seen.overrun {
            return false;
        }
        now.saturating_sub(*self.deaf.get_or_insert(now)) > nanos
    }
}

#[cfg(test)]
mod tests {
    use super::{Arrivals, Order, Reception};

    #[test]
    fn only_drops_without_an_arrival_between_are_a_hang() {
        let mut counts = Arrivals {
            received: 7,
            overrun: 5,
        };
        let mut reception = Reception::since(counts);
        let mut hangs = |received, overrun, waiting, now| {
            counts.received += received;
            counts.overrun += overrun;
            reception.hangs(counts, waiting, now, 10)
        };
        assert!(!hangs(0, 1, false, 0));
        assert!(!hangs(0, 0, false, 20), "a silent network");
        assert!(hangs(0, 1, false, 21));
        assert!(!hangs(1, 1, false, 22), "one has arrived");
        assert!(!hangs(0, 1, false, 30));
        assert!(!hangs(0, 1, false, 40));
        assert!(hangs(0, 3, false, 41));
        assert!(!hangs(0, 1, true, 60), "one waits");
        assert!(!hangs(0, 1, false, 61));
    }

    #[test]
    fn reception_is_looked_at_four_times_as_often() {
        let mut reception = Reception::default();
        let looks = (0..100).filter(|now| reception.is_due(*now, 20)).count();
        assert_eq!(looks, 20);
    }

    #[test]
    fn disorder_that_passes_is_none() {
        let mut order = Order::default();
        assert!(!order.is_lost(true, 5, 10));
        assert!(!order.is_lost(true, 15, 10));
        assert!(order.is_lost(true, 16, 10));
        assert!(!order.is_lost(false, 17, 10));
        assert!(!order.is_lost(true, 18, 10));
    }
}
