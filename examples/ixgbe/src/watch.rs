//! When to look at registers: reading one costs as much as a hundred packets. Pure.

/// What a call that moved nothing weighs, against one that did.
const IDLE: u32 = 16;
/// After how much weight a look is due.
const LOOK: u32 = 1024;

/// Counts calls, and notices a transmit queue that stands still.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Watch {
    weight: u32,
    /// Buffers that came back from transmission, all told.
    sent: u64,
    /// How many when frames were last seen waiting, and at what time, in nanoseconds.
    waiting: Option<(u64, u64)>,
    /// Since when the next frame received was not reported, while later ones are.
    disorder: Option<u64>,
}

impl Watch {
    /// Counts a call, in which `sent` buffers came back from transmission; whether a look is due.
    #[inline]
    pub(crate) fn call(&mut self, moved: bool, sent: u32) -> bool {
        self.sent = self.sent.wrapping_add(u64::from(sent));
        self.weight += if moved { 1 } else { IDLE };
        if self.weight < LOOK {
            return false;
        }
        self.weight = 0;
        true
    }

    /// Whether frames have waited for `nanos` by now without one leaving; `held` are in the ring.
    pub(crate) fn hangs(&mut self, held: u32, up: bool, now: u64, nanos: u64) -> bool {
        if held == 0 || !up {
            self.waiting = None;
            return false;
        }
        match self.waiting {
            Some((sent, since)) if sent == self.sent => now.saturating_sub(since) > nanos,
            _ => {
                self.waiting = Some((self.sent, now));
                false
            }
        }
    }

    /// Whether reports of what was received have been out of order for `nanos` by now, at each look.
    pub(crate) fn disordered(&mut self, disorder: bool, now: u64, nanos: u64) -> bool {
        if !disorder {
            self.disorder = None;
            return false;
        }
        let since = *self.disorder.get_or_insert(now);
        now.saturating_sub(since) > nanos
    }

    /// Begins anew.
    pub(crate) fn reset(&mut self) {
        *self = Self {
            sent: self.sent,
            ..Self::default()
        };
    }
}

/// Notices reception that stands still: the device drops frames for want of room, and gives none to any queue. Pure.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reception {
    /// When to look again.
    next: u64,
    /// Since when nothing but drops was seen.
    deaf: Option<u64>,
}

impl Reception {
    /// Whether a look is due at time `now`: four in `nanos`.
    pub(crate) fn is_due(&mut self, now: u64, nanos: u64) -> bool {
        let is_due = now >= self.next;
        if is_due {
            self.next = now.saturating_add(nanos / 4);
        }
        is_due
    }

    /// Whether it has stood still for `nanos` by now; since the last look frames have `arrived`, or were dropped.
    pub(crate) fn hangs(&mut self, arrived: bool, dropped: bool, now: u64, nanos: u64) -> bool {
        if arrived {
            self.deaf = None;
        }
        if arrived || !dropped {
            return false;
        }
        now.saturating_sub(*self.deaf.get_or_insert(now)) > nanos
    }
}

#[cfg(test)]
mod tests {
    use super::{Reception, Watch};

    #[test]
    fn only_drops_without_an_arrival_between_are_a_hang() {
        let mut reception = Reception::default();
        assert!(!reception.hangs(false, true, 0, 10));
        assert!(!reception.hangs(false, false, 20, 10), "a silent network");
        assert!(reception.hangs(false, true, 21, 10));
        assert!(!reception.hangs(true, true, 22, 10), "one has arrived");
        assert!(!reception.hangs(false, true, 30, 10));
        assert!(!reception.hangs(false, true, 40, 10));
        assert!(reception.hangs(false, true, 41, 10));
    }

    #[test]
    fn reception_is_looked_at_four_times_as_often() {
        let mut reception = Reception::default();
        let looks = (0..100).filter(|now| reception.is_due(*now, 20)).count();
        assert_eq!(looks, 20);
    }

    #[test]
    fn idle_calls_look_sooner() {
        let mut watch = Watch::default();
        let busy = (0..4096).filter(|_| watch.call(true, 1)).count();
        let idle = (0..4096).filter(|_| watch.call(false, 0)).count();
        assert_eq!((busy, idle), (4, 64));
    }

    #[test]
    fn disorder_that_passes_is_none() {
        let mut watch = Watch::default();
        assert!(!watch.disordered(true, 5, 10));
        assert!(!watch.disordered(true, 15, 10));
        assert!(watch.disordered(true, 16, 10));
        assert!(!watch.disordered(false, 17, 10));
        assert!(!watch.disordered(true, 18, 10));
    }

    #[test]
    fn only_frames_that_wait_for_long_while_none_leaves_are_a_hang() {
        let mut watch = Watch::default();
        assert!(!watch.hangs(3, true, 0, 10));
        assert!(!watch.hangs(3, true, 10, 10));
        assert!(watch.hangs(3, true, 11, 10));
        watch.call(true, 1);
        assert!(!watch.hangs(2, true, 12, 10), "one has left");
        assert!(!watch.hangs(2, false, 40, 10), "the link is down");
        assert!(
            !watch.hangs(2, true, 41, 10),
            "it counts from when it is up"
        );
        assert!(!watch.hangs(0, true, 60, 10), "nothing waits");
        assert!(!watch.hangs(1, true, 61, 10));
        assert!(watch.hangs(1, true, 72, 10));
    }
}
