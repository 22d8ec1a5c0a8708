//! The latest events, which are printed to find the cause of a failure.

use std::collections::VecDeque;
use std::fmt::Write;

use super::Holder;

/// The number of events that are kept, and the number that is printed.
const KEPT: usize = 4096;
const TOLD: usize = 16;

#[derive(Clone, Copy, Debug)]
struct Event {
    number: u64,
    what: &'static str,
    holder: Holder,
    start: usize,
    bytes: usize,
}

#[derive(Debug)]
pub(super) struct History {
    events: VecDeque<Event>,
    count: u64,
}

impl History {
    pub(super) const fn new() -> Self {
        Self {
            events: VecDeque::new(),
            count: 0,
        }
    }

    pub(super) fn clear(&mut self) {
        self.events.clear();
    }

    pub(super) fn note(&mut self, what: &'static str, holder: Holder, start: usize, bytes: usize) {
        if self.events.len() == KEPT {
            self.events.pop_front();
        }
        self.count += 1;
        self.events.push_back(Event {
            number: self.count,
            what,
            holder,
            start,
            bytes,
        });
    }

    /// Returns the last events as text: those of objects that overlap or overlapped these bytes, and those of any
    /// claim.
    pub(super) fn of(&self, start: usize, bytes: usize) -> String {
        let end = start.saturating_add(bytes);
        let is_there = |event: &&Event| {
            let its_end = event.start + event.bytes.max(1);
            event.start == 0 || event.start < end && start < its_end
        };
        let mut told: Vec<_> = self.events.iter().rev().filter(is_there).collect();
        told.truncate(TOLD);
        let mut text = String::new();
        for event in told.iter().rev() {
            let Event {
                number,
                what,
                holder: Holder { device, serial },
                start,
                bytes,
            } = event;
            let _ = writeln!(
                text,
                "    {number}: {what} {start:#x}+{bytes}, device {device}, claim {serial}"
            );
        }
        let _ = write!(text, "    of {} events", self.count);
        text
    }
}
