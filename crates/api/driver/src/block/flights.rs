//! Commands in flight: the requests that they belong to, the order in which they were started, and whether the oldest
//! is late. Pure.
//!
//! A deadline limits the time of the device, not the time of the caller. A command's time begins when no older
//! command is in flight, because a device that executes one command after the other does not start it earlier. But a
//! device may execute commands in any order, and may have been busy with another command. So the time of the oldest
//! command begins again when another command completes that was already in flight when this time began. The
//! completion of a command that was started later does not make the time begin again. While a command that may take
//! longer is in flight, such as a flush, the oldest command may take as long as that command.

use crate::NANOS_PER_MILLI;
use crate::tickets::Ticket;

/// No slot.
const NONE: u8 = u8::MAX;

/// A command in flight.
#[derive(Clone, Copy, Debug)]
struct Flight {
    ticket: Option<Ticket>,
    /// The number of commands that were started up to and including this one.
    number: u64,
    /// The time that the command may take, in milliseconds.
    millis: u64,
    /// The slots of the commands in flight that were started right before and right after this one.
    older: u8,
    newer: u8,
}

const FREE: Flight = Flight {
    ticket: None,
    number: 0,
    millis: 0,
    older: NONE,
    newer: NONE,
};

/// The time of the oldest command.
#[derive(Clone, Copy, Debug, Default)]
struct Measured {
    /// `number` is the number of the oldest command, and `newest` that of the newest command at the moment when the
    /// time began. `since` is that moment.
    number: u64,
    newest: u64,
    since: u64,
    /// Whether a command has completed that was in flight when the time began. The time then begins again at the next
    /// look.
    is_anew: bool,
    /// `longer` is the longest time that was allowed to this command or to a command that has completed meanwhile.
    /// `has_ended` says whether a command whose time was longer has completed since the last look. `ended` is the
    /// time of the first look after such a completion.
    longer: u64,
    has_ended: bool,
    ended: u64,
}

/// The commands of one device, each in a slot.
#[derive(Debug)]
pub(super) struct Flights<const SLOTS: usize> {
    slots: [Flight; SLOTS],
    oldest: u8,
    newest: u8,
    started: u64,
    measured: Measured,
}

impl<const SLOTS: usize> Flights<SLOTS> {
    pub(super) const fn new() -> Self {
        assert!(SLOTS < NONE as usize, "more slots than can be named");
        Self {
            slots: [FREE; SLOTS],
            oldest: NONE,
            newest: NONE,
            started: 0,
            measured: Measured {
                number: 0,
                newest: 0,
                since: 0,
                is_anew: false,
                longer: 0,
                has_ended: false,
                ended: 0,
            },
        }
    }

    /// Forgets all commands: nothing is in flight any more.
    pub(super) fn clear(&mut self) {
        let started = self.started;
        *self = Self::new();
        self.started = started;
    }

    /// Notes that the command in `slot` was started for `ticket`, and may take `millis`.
    #[inline]
    pub(super) fn start(&mut self, slot: usize, ticket: Ticket, millis: u64) {
        // If the device gives a slot twice, the slot belongs to the later command.
        self.end(slot);
        let Some(flight) = self.slots.get_mut(slot) else {
            return;
        };
        self.started += 1;
        *flight = Flight {
            ticket: Some(ticket),
            number: self.started,
            millis,
            older: self.newest,
            newer: NONE,
        };
        let slot = slot as u8;
        match self.slots.get_mut(usize::from(self.newest)) {
            Some(newest) => newest.newer = slot,
            None => self.oldest = slot,
        }
        self.newest = slot;
    }

    /// Notes that the command in `slot` has completed; returns its ticket.
    #[inline]
    pub(super) fn end(&mut self, slot: usize) -> Option<Ticket> {
        let flight = self.slots.get_mut(slot)?;
        let ticket = flight.ticket.take()?;
        let Flight {
            number,
            millis,
            older,
            newer,
            ..
        } = *flight;
        match self.slots.get_mut(usize::from(older)) {
            Some(older) => older.newer = newer,
            None => self.oldest = newer,
        }
        match self.slots.get_mut(usize::from(newer)) {
            Some(newer) => newer.older = older,
            None => self.newest = older,
        }
        let measured = &mut self.measured;
        measured.is_anew |= number <= measured.newest;
        if millis > measured.longer {
            measured.longer = millis;
            measured.has_ended = true;
        }
        Some(ticket)
    }

    /// Returns the longest time that a command in flight may take, in milliseconds.
    pub(super) fn longest(&self) -> u64 {
        let flying = self.slots.iter().filter(|flight| flight.ticket.is_some());
        flying.map(|flight| flight.millis).max().unwrap_or(0)
    }

    /// Whether the oldest command has taken too long at time `now`, in nanoseconds. The caller must have taken all
    /// completions before.
    pub(super) fn is_late(&mut self, now: u64) -> bool {
        let Some(&Flight { number, millis, .. }) = self.slots.get(usize::from(self.oldest)) else {
            return false;
        };
        let measured = &mut self.measured;
        if measured.number != number {
            *measured = Measured {
                number,
                newest: self.started,
                since: now,
                longer: millis,
                ..Measured::default()
            };
            return false;
        }
        if core::mem::take(&mut measured.is_anew) {
            measured.since = now;
            return false;
        }
        if core::mem::take(&mut measured.has_ended) {
            measured.ended = now;
        }
        let is_over = |since: u64, millis: u64| {
            now.saturating_sub(since) >= millis.saturating_mul(NANOS_PER_MILLI)
        };
        let Measured {
            since,
            longer,
            ended,
            ..
        } = *measured;
        // The scan comes last, because it is needed only once in a time-out.
        let is_behind_longer = longer > millis
            && !is_over(ended, millis)
            && !is_over(since, longer.saturating_add(millis));
        is_over(since, millis) && !is_behind_longer && is_over(since, self.longest())
    }
}

#[cfg(test)]
mod tests {
    use super::Flights;
    use crate::tickets::Tickets;

    const MILLI: u64 = 1_000_000;
    const IO: u64 = 10;
    const FLUSH: u64 = 100;

    /// Commands in eight slots, and the time of the test's clock in milliseconds.
    struct Bench(Flights<8>, u64);

    impl Bench {
        fn new() -> Self {
            Self(Flights::new(), 0)
        }

        fn start(&mut self, slot: usize, millis: u64) {
            let ticket = Tickets::default().open().unwrap();
            self.0.start(slot, ticket, millis);
        }

        /// Completes the slots of `ends` at their times. Returns the time in milliseconds at which the oldest command
        /// is late.
        fn late_after(&mut self, ends: &[(u64, usize)]) -> Option<u64> {
            let begun = self.1;
            (0..1_000).find(|after| {
                for (at, slot) in ends {
                    if at == after {
                        assert!(self.0.end(*slot).is_some());
                    }
                }
                self.1 = begun + after;
                self.0.is_late(self.1 * MILLI)
            })
        }
    }

    #[test]
    fn a_command_is_late_after_its_time() {
        let mut bench = Bench::new();
        bench.start(3, IO);
        assert_eq!(bench.late_after(&[]), Some(10));
        bench.0.clear();
        assert_eq!(bench.late_after(&[]), None, "nothing is in flight");
    }

    #[test]
    fn time_begins_when_nothing_older_is_in_flight() {
        let mut bench = Bench::new();
        for slot in [5, 1, 2] {
            bench.start(slot, IO);
        }
        assert_eq!(bench.late_after(&[(8, 5), (16, 1), (24, 2)]), None);
        bench.start(0, IO);
        bench.start(1, IO);
        assert_eq!(bench.late_after(&[(8, 0)]), Some(18));
    }

    #[test]
    fn completing_a_command_in_flight_restarts_time() {
        let mut bench = Bench::new();
        for slot in [0, 1, 2] {
            bench.start(slot, IO);
        }
        assert_eq!(bench.late_after(&[(8, 2), (16, 1)]), Some(26));
    }

    #[test]
    fn a_later_commands_completion_does_not_count() {
        let mut bench = Bench::new();
        bench.start(0, IO);
        assert!(!bench.0.is_late(0));
        bench.start(1, IO);
        bench.start(2, IO);
        assert_eq!(bench.late_after(&[(5, 1), (9, 2)]), Some(10));
    }

    #[test]
    fn commands_wait_for_a_flush_within_a_bound() {
        let mut bench = Bench::new();
        bench.start(0, IO);
        assert!(!bench.0.is_late(0));
        bench.start(1, FLUSH);
        assert_eq!(bench.late_after(&[]), Some(100), "it never ends");
        let mut bench = Bench::new();
        bench.start(0, IO);
        assert!(!bench.0.is_late(0));
        bench.start(1, FLUSH);
        assert_eq!(bench.late_after(&[(50, 1)]), Some(60), "it ends");
        let mut bench = Bench::new();
        bench.start(0, IO);
        assert!(!bench.0.is_late(0));
        // A new flush starts as soon as the last one is over; each takes 5 ms.
        let late = (0..1_000).find(|now| {
            match now % 5 {
                0 => bench.start(1, FLUSH),
                4 => drop(bench.0.end(1)),
                _ => {}
            }
            bench.0.is_late(now * MILLI)
        });
        assert!(late.is_some_and(|late| late <= 110), "{late:?}");
    }

    #[test]
    fn a_slot_belongs_to_its_last_command() {
        let mut bench = Bench::new();
        for _ in 0..3 {
            bench.start(0, IO);
            bench.start(7, FLUSH);
        }
        assert_eq!(bench.0.longest(), FLUSH);
        assert!(bench.0.end(7).is_some() && bench.0.end(7).is_none());
        assert_eq!(bench.0.longest(), IO);
        assert!(bench.0.end(0).is_some() && bench.0.end(9).is_none());
        assert_eq!(bench.0.longest(), 0);
    }
}
