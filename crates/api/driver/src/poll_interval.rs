//! Decides when to look at registers, because reading one costs as much as a hundred packets. Pure.

/// The weight of a call that moved nothing; a call that moved something weighs 1.
const IDLE: u32 = 16;
/// The weight after which the clock is read. So it is read after each call that moved nothing, and after every 16th
/// call that moved something.
const ASK: u32 = IDLE;
/// The weight after which a look is due, whatever the time.
const LOOK: u32 = 1024;
/// The shortest and the longest time until a look is due, in nanoseconds, if there are too few calls for `LOOK`.
const INTERVAL: (u64, u64) = (1_000_000, 500_000_000);

/// Counts calls, and notices a transmit queue that makes no progress.
#[derive(Clone, Copy, Debug, Default)]
pub struct Watch {
    /// The weight of the calls since the clock was read.
    weight: u32,
    /// The weight of the calls between the last look and the last read of the clock.
    before: u32,
    /// When the next look is due, in nanoseconds.
    next: u64,
    /// The number of buffers that have come back from transmission so far.
    sent: u64,
    waiting: Option<Waiting>,
}

/// Frames that wait in a transmit queue.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    /// The number of buffers that had come back when the frames were first seen.
    sent: u64,
    /// How long the frames have waited while the link was up, in nanoseconds.
    nanos: u64,
    /// When the frames were last seen in the queue, and whether the link was up then.
    seen: u64,
    up: bool,
}

impl Watch {
    /// Counts a call, in which `sent` buffers came back from transmission. Returns whether it is time to read the
    /// clock and ask [`is_due`](Self::is_due).
    #[inline]
    pub fn call(&mut self, moved: bool, sent: usize) -> bool {
        self.sent = self.sent.wrapping_add(sent as u64);
        self.weight += if moved { 1 } else { IDLE };
        if self.weight < ASK {
            return false;
        }
        self.before += core::mem::take(&mut self.weight);
        true
    }

    /// Whether a look is due at time `now`: after calls of weight `LOOK`, or after a quarter of `nanos` (within the
    /// bounds of `INTERVAL`), whichever is first.
    pub fn is_due(&mut self, now: u64, nanos: u64) -> bool {
        let is_due = self.before >= LOOK || now >= self.next;
        if is_due {
            let (least, most) = INTERVAL;
            self.before = 0;
            self.next = now.saturating_add((nanos / 4).clamp(least, most));
        }
        is_due
    }

    /// Counts `sent` more buffers that came back from transmission, but not in a call that [`call`](Self::call) has
    /// counted.
    pub fn came_back(&mut self, sent: usize) {
        self.sent = self.sent.wrapping_add(sent as u64);
    }

    /// Whether frames have waited in the queue for more than `nanos` while the link was up, without any frame being
    /// sent. `held` frames are in the queue.
    ///
    /// Periods with the link up are added up, and periods with the link down do not count. If the link came up
    /// between two looks, at most a quarter of `nanos` counts for this period, because it is not known how long the
    /// link was up in it.
    pub fn hangs(&mut self, held: usize, up: bool, now: u64, nanos: u64) -> bool {
        let sent = self.sent;
        let waiting = self.waiting.take().filter(|waiting| waiting.sent == sent);
        if held == 0 {
            return false;
        }
        let mut waiting = waiting.unwrap_or(Waiting {
            sent,
            nanos: 0,
            seen: now,
            up,
        });
        if up {
            let passed = now.saturating_sub(waiting.seen);
            let most = if waiting.up { passed } else { nanos / 4 };
            waiting.nanos = waiting.nanos.saturating_add(passed.min(most));
        }
        (waiting.seen, waiting.up) = (now, up);
        self.waiting = Some(waiting);
        waiting.nanos > nanos
    }

    /// Begins anew.
    pub fn reset(&mut self) {
        *self = Self {
            sent: self.sent,
            ..Self::default()
        };
    }
}

#[cfg(test)]
mod tests {
    use super::Watch;

    const SECOND: u64 = 1_000_000_000;

    /// Returns how many looks are due in 4096 calls that take `nanos` each, and how often the clock is read.
    fn looks(moved: bool, nanos: u64) -> (usize, usize) {
        let (mut watch, mut asked) = (Watch::default(), 0);
        watch.is_due(0, 2 * SECOND);
        let due = (0..4096).filter(|call| {
            let ask = watch.call(moved, 0);
            asked += usize::from(ask);
            ask && watch.is_due(call * nanos, 2 * SECOND)
        });
        (due.count(), asked)
    }

    #[test]
    fn idle_calls_look_sooner() {
        assert_eq!(looks(true, 0), (4, 256));
        assert_eq!(looks(false, 0), (64, 4096));
    }

    #[test]
    fn rare_calls_look_by_the_clock() {
        assert_eq!(looks(false, SECOND).0, 4095);
        assert_eq!(looks(true, SECOND).0, 256);
        assert_eq!(looks(false, SECOND / 10).0, 4096 / 5);
    }

    #[test]
    fn only_frames_that_wait_too_long_are_a_hang() {
        let mut watch = Watch::default();
        assert!(!watch.hangs(3, true, 0, 10));
        assert!(!watch.hangs(3, true, 10, 10));
        assert!(watch.hangs(3, true, 11, 10));
        watch.call(true, 1);
        assert!(!watch.hangs(2, true, 12, 10), "one has left");
        assert!(!watch.hangs(2, false, 40, 10), "the link is down");
        assert!(
            !watch.hangs(2, true, 100, 10),
            "it was down for most of that"
        );
        assert!(!watch.hangs(0, true, 110, 10), "nothing waits");
        assert!(!watch.hangs(1, true, 111, 10));
        assert!(watch.hangs(1, true, 122, 10));
        watch.came_back(1);
        assert!(!watch.hangs(1, true, 140, 10), "one has left");
    }

    #[test]
    fn time_with_the_link_up_adds_up() {
        let mut watch = Watch::default();
        let mut looks = (0..).map(|look| (look, watch.hangs(1, look % 2 == 0, 5 * look, 10)));
        let first = looks.find(|&(_, hangs)| hangs);
        assert_eq!(first, Some((12, true)), "a quarter of 10 is 2");
    }
}
