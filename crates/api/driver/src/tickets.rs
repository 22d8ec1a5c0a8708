//! Requests that have commands in flight: how many are left, and the first error. Pure.

use samara_interfaces::BlockError;

/// The most requests that can have commands in flight at once.
const MOST: usize = 64;

/// Names a request that has commands in flight, or is about to have some.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket(u8);

impl Ticket {
    /// Returns the ticket's bit in the argument of [`Tickets::desert`].
    pub const fn bit(self) -> u64 {
        1 << self.0
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    pending: u16,
    error: Option<BlockError>,
    /// Whether the request's thread has returned, so that no thread will look at this entry again.
    deserted: bool,
}

/// The requests of one device.
#[derive(Debug)]
pub struct Tickets([Option<Entry>; MOST]);

impl Default for Tickets {
    fn default() -> Self {
        Self([None; MOST])
    }
}

impl Tickets {
    /// Opens a ticket for a request that has no commands in flight yet. Returns `None` if all tickets are in use.
    #[inline]
    pub fn open(&mut self) -> Option<Ticket> {
        let index = self.0.iter().position(Option::is_none)?;
        self.0[index] = Some(Entry::default());
        Some(Ticket(index as u8))
    }

    #[inline]
    fn entry(&mut self, ticket: Ticket) -> Option<&mut Entry> {
        self.0.get_mut(usize::from(ticket.0))?.as_mut()
    }

    /// Counts one more command in flight.
    #[inline]
    pub fn started(&mut self, ticket: Ticket) {
        if let Some(entry) = self.entry(ticket) {
            entry.pending += 1;
        }
    }

    /// Counts a command that has ended, and keeps the first error.
    #[inline]
    pub fn ended(&mut self, ticket: Ticket, outcome: Result<(), BlockError>) {
        let Some(entry) = self.entry(ticket) else {
            return;
        };
        entry.pending = entry.pending.saturating_sub(1);
        if let Err(error) = outcome {
            entry.error.get_or_insert(error);
        }
        if entry.deserted && entry.pending == 0 {
            self.close(ticket);
        }
    }

    /// Returns the number of commands in flight, and the first error.
    #[inline]
    pub fn look(&mut self, ticket: Ticket) -> (u16, Option<BlockError>) {
        let entry = self.entry(ticket);
        entry.map_or((0, Some(BlockError::Failed)), |entry| {
            (entry.pending, entry.error)
        })
    }

    /// Closes the ticket of a request that has ended. Another request may then get the ticket.
    #[inline]
    pub fn close(&mut self, ticket: Ticket) {
        if let Some(entry) = self.0.get_mut(usize::from(ticket.0)) {
            *entry = None;
        }
    }

    /// Fails all requests that have commands in flight, with `error`; nothing is in flight afterwards.
    pub fn fail_all(&mut self, error: BlockError) {
        for entry in &mut self.0 {
            if let Some(flying) = entry
                && flying.pending > 0
            {
                flying.pending = 0;
                flying.error.get_or_insert(error);
                if flying.deserted {
                    *entry = None;
                }
            }
        }
    }

    /// Notes that the threads of some requests have returned: those whose tickets have their [bits](Ticket::bit) set.
    /// Each of these tickets is closed as soon as none of its commands is in flight.
    pub fn desert(&mut self, bits: u64) {
        for (index, entry) in self.0.iter_mut().enumerate() {
            if bits >> index & 1 != 0
                && let Some(left) = entry
            {
                left.deserted = true;
                if left.pending == 0 {
                    *entry = None;
                }
            }
        }
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
        assert_eq!(tickets.look(ticket), (1, Some(BlockError::Medium)));
        tickets.ended(ticket, Err(BlockError::Busy));
        assert_eq!(tickets.look(ticket), (0, Some(BlockError::Medium)));
        tickets.close(ticket);
    }

    #[test]
    fn a_deserted_ticket_is_freed_with_its_last_command() {
        let free = |tickets: &mut Tickets| core::iter::from_fn(|| tickets.open()).count();
        for ends in 0..3 {
            let mut tickets = Tickets::default();
            let left = tickets.open().unwrap();
            tickets.started(left);
            if ends == 2 {
                tickets.fail_all(BlockError::Reset);
            }
            tickets.desert(left.bit());
            match ends {
                0 => tickets.ended(left, Ok(())),
                1 => tickets.fail_all(BlockError::Reset),
                _ => {}
            }
            assert_eq!(free(&mut tickets), MOST, "{ends}");
        }
        let mut tickets = Tickets::default();
        let left = tickets.open().unwrap();
        tickets.started(left);
        tickets.desert(left.bit());
        assert_eq!(free(&mut tickets), MOST - 1, "its command is in flight");
    }

    #[test]
    fn a_reset_fails_only_what_is_in_flight() {
        let mut tickets = Tickets::default();
        let [done, flying] = [tickets.open().unwrap(), tickets.open().unwrap()];
        tickets.started(flying);
        tickets.fail_all(BlockError::Reset);
        assert_eq!(tickets.look(done), (0, None));
        assert_eq!(tickets.look(flying), (0, Some(BlockError::Reset)));
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
