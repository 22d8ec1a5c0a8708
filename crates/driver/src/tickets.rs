//! Requests that have commands in flight: how many are left, and what went wrong. Pure.

use samara_interfaces::BlockError;

/// Requests that can have commands in flight at once.
const MOST: usize = 64;

/// A request that has commands in flight, or is about to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    index: u8,
    serial: u32,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    serial: u32,
    pending: u16,
    error: Option<BlockError>,
}

/// The requests of one device.
#[derive(Debug)]
pub struct Tickets {
    entries: [Option<Entry>; MOST],
    serial: u32,
}

impl Default for Tickets {
    fn default() -> Self {
        Self {
            entries: [None; MOST],
            serial: 0,
        }
    }
}

impl Tickets {
    /// A ticket, with nothing in flight; `None` if there's none.
    #[inline]
    pub fn open(&mut self) -> Option<Ticket> {
        let index = self.entries.iter().position(Option::is_none)?;
        self.serial = self.serial.wrapping_add(1);
        let serial = self.serial;
        self.entries[index] = Some(Entry {
            serial,
            pending: 0,
            error: None,
        });
        Some(Ticket {
            index: index as u8,
            serial,
        })
    }

    #[inline]
    fn entry(&mut self, ticket: Ticket) -> Option<&mut Entry> {
        let entry = self.entries[usize::from(ticket.index)].as_mut();
        entry.filter(|entry| entry.serial == ticket.serial)
    }

    /// One more command is in flight.
    #[inline]
    pub fn started(&mut self, ticket: Ticket) {
        if let Some(entry) = self.entry(ticket) {
            entry.pending += 1;
        }
    }

    /// A command has ended. The first error counts.
    #[inline]
    pub fn ended(&mut self, ticket: Ticket, outcome: Result<(), BlockError>) {
        if let Some(entry) = self.entry(ticket) {
            entry.pending = entry.pending.saturating_sub(1);
            if let Err(error) = outcome {
                entry.error.get_or_insert(error);
            }
        }
    }

    /// Commands in flight, and the first error; `None` if the ticket was lost.
    #[inline]
    pub fn look(&mut self, ticket: Ticket) -> Option<(u16, Option<BlockError>)> {
        self.entry(ticket).map(|entry| (entry.pending, entry.error))
    }

    /// The request has seen the last of it.
    #[inline]
    pub fn close(&mut self, ticket: Ticket) {
        if self.entry(ticket).is_some() {
            self.entries[usize::from(ticket.index)] = None;
        }
    }

    /// Nothing is in flight any more: what was has failed with `error`.
    pub fn fail_all(&mut self, error: BlockError) {
        for entry in self.entries.iter_mut().flatten() {
            if entry.pending > 0 {
                entry.pending = 0;
                entry.error.get_or_insert(error);
            }
        }
    }

    /// All tickets are lost: those whose requests were given up as well.
    pub fn lose_all(&mut self) {
        self.entries = [None; MOST];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    #[test]
    fn the_first_error_of_a_request_counts() {
        let mut tickets = Tickets::default();
        let ticket = tickets.open().unwrap();
        for _ in 0..3 {
            tickets.started(ticket);
        }
        tickets.ended(ticket, Ok(()));
        tickets.ended(ticket, Err(BlockError::Medium));
        assert_eq!(tickets.look(ticket), Some((1, Some(BlockError::Medium))));
        tickets.ended(ticket, Err(BlockError::Busy));
        assert_eq!(tickets.look(ticket), Some((0, Some(BlockError::Medium))));
        tickets.close(ticket);
        assert_eq!(tickets.look(ticket), None);
    }

    #[test]
    fn a_lost_ticket_is_not_its_successor() {
        let mut tickets = Tickets::default();
        let lost = tickets.open().unwrap();
        tickets.started(lost);
        tickets.lose_all();
        let next = tickets.open().unwrap();
        tickets.ended(lost, Err(BlockError::Medium));
        assert_eq!(tickets.look(lost), None);
        assert_eq!(tickets.look(next), Some((0, None)));
    }

    #[test]
    fn a_reset_fails_only_what_is_in_flight() {
        let mut tickets = Tickets::default();
        let [done, flying] = [tickets.open().unwrap(), tickets.open().unwrap()];
        tickets.started(flying);
        tickets.fail_all(BlockError::Reset);
        assert_eq!(tickets.look(done), Some((0, None)));
        assert_eq!(tickets.look(flying), Some((0, Some(BlockError::Reset))));
    }

    #[test]
    fn tickets_run_out_and_come_back() {
        let mut tickets = Tickets::default();
        let all: Vec<_> = core::iter::from_fn(|| tickets.open()).collect();
        assert_eq!(all.len(), MOST);
        tickets.close(all[7]);
        assert!(tickets.open().is_some());
    }
}
