//! When to look at registers: reading one costs as much as a hundred packets. Pure.

/// What a call that moved nothing weighs, against one that did.
const IDLE: u32 = 16;
/// After how much weight a look is due.
const LOOK: u32 = 1024;

/// Counts calls, and notices a transmit queue that stands still.
#[derive(Clone, Copy, Debug, Default)]
pub struct Watch {
    weight: u32,
    /// Buffers that came back from transmission, all told.
    sent: u64,
    /// How many when frames were last seen waiting, and at what time, in nanoseconds.
    waiting: Option<(u64, u64)>,
}

impl Watch {
    /// Counts a call, in which `sent` buffers came back from transmission; whether a look is due.
    #[inline]
    pub fn call(&mut self, moved: bool, sent: usize) -> bool {
        self.sent = self.sent.wrapping_add(sent as u64);
        self.weight += if moved { 1 } else { IDLE };
        if self.weight < LOOK {
            return false;
        }
        self.weight = 0;
        true
    }

    /// Whether frames have waited for `nanos` by now without one leaving; `held` are in the queue.
    pub fn hangs(&mut self, held: usize, up: bool, now: u64, nanos: u64) -> bool {
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

    #[test]
    fn idle_calls_look_sooner() {
        let mut watch = Watch::default();
        let busy = (0..4096).filter(|_| watch.call(true, 1)).count();
        let idle = (0..4096).filter(|_| watch.call(false, 0)).count();
        assert_eq!((busy, idle), (4, 64));
    }

    #[test]
    fn only_frames_that_wait_for_long_are_a_hang() {
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
