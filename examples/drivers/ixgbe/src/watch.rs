//! Notices two faults from what looks at the device find: reports that are out of order, and reception that hangs.
//! Another type notices a transmit queue that [stands still](samara_driver::poll_interval::Watch). Pure.

/// Notices that the report of a received frame stays missing, while later frames are reported.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Order {
    /// The time since which, at each look, the next frame's report was missing while later frames were reported.
    broken: Option<u64>,
}

impl Order {
    /// Whether, at time `now`, every look of more than `nanos` has found reports out of order. `disorder` says
    /// whether this look has found them out of order.
    pub(crate) fn is_lost(&mut self, disorder: bool, now: u64, nanos: u64) -> bool {
        if !disorder {
            self.broken = None;
            return false;
        }
        let since = *self.broken.get_or_insert(now);
        now.saturating_sub(since) > nanos
    }
}

/// The device's counts of arrived frames, summed over all reads of its counters since the driver's start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Arrivals {
    /// Frames that were given to a queue.
    pub(crate) received: u64,
    /// Frames that were dropped because the packet buffer was full.
    pub(crate) overrun: u64,
}

/// Notices reception that hangs: the device drops frames because its packet buffer is full, and gives none to any
/// queue.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reception {
    /// The time at which the next look is due.
    next: u64,
    /// The counts at the last look.
    seen: Arrivals,
    /// The time since which looks have seen drops and no arrivals.
    deaf: Option<u64>,
}

impl Reception {
    /// Begins anew with a device whose counts are `seen`.
    pub(crate) fn since(seen: Arrivals) -> Self {
        Self {
            seen,
            ..Self::default()
        }
    }

    /// Whether a look is due at time `now`: a quarter of `nanos` after the last one.
    pub(crate) fn is_due(&mut self, now: u64, nanos: u64) -> bool {
        let is_due = now >= self.next;
        if is_due {
            self.next = now.saturating_add(nanos / 4);
        }
        is_due
    }

    /// Whether reception has hung for more than `nanos` at time `now`. `counts` are the device's counts now.
    /// Reception doesn't hang if frames are `waiting` in the queue to be taken.
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
    fn drops_without_arrivals_are_a_hang() {
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
        assert!(
            !hangs(0, 0, false, 20),
            "a silent network is no hang, and no arrival"
        );
        assert!(hangs(0, 1, false, 21));
        assert!(!hangs(1, 1, false, 22), "a frame has arrived");
        assert!(!hangs(0, 1, false, 30));
        assert!(!hangs(0, 1, false, 40));
        assert!(hangs(0, 3, false, 41));
        assert!(!hangs(0, 1, true, 60), "a frame waits to be received");
        assert!(!hangs(0, 1, false, 61));
    }

    #[test]
    fn reception_is_looked_at_four_times_in_a_timeout() {
        let mut reception = Reception::default();
        let looks = (0..100).filter(|now| reception.is_due(*now, 20)).count();
        assert_eq!(looks, 20);
    }

    #[test]
    fn disorder_that_passes_is_no_loss() {
        let mut order = Order::default();
        assert!(!order.is_lost(true, 5, 10));
        assert!(!order.is_lost(true, 15, 10));
        assert!(order.is_lost(true, 16, 10));
        assert!(!order.is_lost(false, 17, 10));
        assert!(!order.is_lost(true, 18, 10));
    }
}
