//! Who is in flight: which tag belongs to which transfer, and how many tags a transfer still has.
//!
//! Pure bookkeeping without memory or devices in it: safe, sequential, loops over fixed arrays. The
//! invariant, which every method keeps: `outstanding[t]` is the number of tags whose owner is `t`,
//! and only an open transfer owns tags.

/// Tags (commands in flight) that one device can have.
pub const MAX_TAGS: usize = 64;
/// Transfers (pinned buffers) that one device can have.
pub const MAX_TRANSFERS: usize = 32;

/// An owner byte that means "this tag is not in flight".
const NONE: u8 = u8::MAX;

/// Why the ledger refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) enum Refusal {
    /// Every transfer is open.
    Full,
    /// The tag is out of range.
    BadTag,
    /// The tag is in flight already (start), or isn't (end).
    TagState,
    /// There is no such open transfer.
    NotOpen,
    /// The transfer still has tags in flight.
    InFlight,
}

/// The table.
#[derive(Debug)]
pub(crate) struct Ledger {
    owner: [u8; MAX_TAGS],
    outstanding: [u8; MAX_TRANSFERS],
    open: [bool; MAX_TRANSFERS],
}

impl Ledger {
    /// Nothing open, nothing in flight.
    pub(crate) const fn new() -> Self {
        Self {
            owner: [NONE; MAX_TAGS],
            outstanding: [0; MAX_TRANSFERS],
            open: [false; MAX_TRANSFERS],
        }
    }

    /// Opens the lowest free transfer.
    pub(crate) fn open(&mut self) -> Result<usize, Refusal> {
        let mut index = 0;
        while index < MAX_TRANSFERS {
            if !self.open[index] {
                self.open[index] = true;
                return Ok(index);
            }
            index += 1;
        }
        Err(Refusal::Full)
    }

    /// Closes a transfer that has nothing in flight.
    pub(crate) fn close(&mut self, transfer: usize) -> Result<(), Refusal> {
        if transfer >= MAX_TRANSFERS || !self.open[transfer] {
            return Err(Refusal::NotOpen);
        }
        if self.outstanding[transfer] != 0 {
            return Err(Refusal::InFlight);
        }
        self.open[transfer] = false;
        Ok(())
    }

    /// Puts `tag` in flight on behalf of `transfer`.
    pub(crate) fn start(&mut self, transfer: usize, tag: usize) -> Result<(), Refusal> {
        if transfer >= MAX_TRANSFERS || !self.open[transfer] {
            return Err(Refusal::NotOpen);
        }
        if tag >= MAX_TAGS {
            return Err(Refusal::BadTag);
        }
        if self.owner[tag] != NONE {
            return Err(Refusal::TagState);
        }
        // Both fit: MAX_TRANSFERS and MAX_TAGS are below 255, and a transfer owns at most MAX_TAGS tags.
        self.owner[tag] = transfer as u8;
        self.outstanding[transfer] += 1;
        Ok(())
    }

    /// Takes `tag` out of flight; returns its transfer.
    pub(crate) fn end(&mut self, tag: usize) -> Result<usize, Refusal> {
        if tag >= MAX_TAGS {
            return Err(Refusal::BadTag);
        }
        let owner = self.owner[tag];
        if owner == NONE {
            return Err(Refusal::TagState);
        }
        let transfer = owner as usize;
        self.owner[tag] = NONE;
        self.outstanding[transfer] -= 1;
        Ok(transfer)
    }

    /// Takes every tag out of flight: the device has been silenced.
    pub(crate) fn end_all(&mut self) {
        self.owner = [NONE; MAX_TAGS];
        self.outstanding = [0; MAX_TRANSFERS];
    }

    /// Tags in flight for `transfer`.
    pub(crate) fn outstanding(&self, transfer: usize) -> usize {
        if transfer < MAX_TRANSFERS {
            self.outstanding[transfer] as usize
        } else {
            0
        }
    }
}

const _: () = assert!(MAX_TRANSFERS < NONE as usize);
const _: () = assert!(MAX_TAGS < NONE as usize);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transfer_closes_only_when_all_its_tags_ended() {
        let mut ledger = Ledger::new();
        let a = ledger.open().unwrap();
        let b = ledger.open().unwrap();
        ledger.start(a, 0).unwrap();
        ledger.start(a, 63).unwrap();
        ledger.start(b, 7).unwrap();
        assert_eq!(ledger.close(a), Err(Refusal::InFlight));
        assert_eq!(ledger.end(63), Ok(a));
        assert_eq!(ledger.close(a), Err(Refusal::InFlight));
        assert_eq!(ledger.end(0), Ok(a));
        assert_eq!(ledger.close(a), Ok(()));
        assert_eq!(ledger.close(a), Err(Refusal::NotOpen));
        assert_eq!(ledger.outstanding(b), 1);
    }

    #[test]
    fn tags_out_of_range_twice_started_or_twice_ended_are_refused() {
        let mut ledger = Ledger::new();
        let a = ledger.open().unwrap();
        assert_eq!(ledger.start(a, MAX_TAGS), Err(Refusal::BadTag));
        assert_eq!(ledger.end(MAX_TAGS), Err(Refusal::BadTag));
        assert_eq!(ledger.start(a + 1, 0), Err(Refusal::NotOpen));
        assert_eq!(ledger.start(MAX_TRANSFERS, 0), Err(Refusal::NotOpen));
        ledger.start(a, 0).unwrap();
        assert_eq!(ledger.start(a, 0), Err(Refusal::TagState));
        ledger.end(0).unwrap();
        assert_eq!(ledger.end(0), Err(Refusal::TagState));
    }

    #[test]
    fn full_is_an_error_and_silence_ends_everything() {
        let mut ledger = Ledger::new();
        for tag in 0..MAX_TRANSFERS {
            let transfer = ledger.open().unwrap();
            ledger.start(transfer, tag).unwrap();
        }
        assert_eq!(ledger.open(), Err(Refusal::Full));
        ledger.end_all();
        for transfer in 0..MAX_TRANSFERS {
            assert_eq!(ledger.close(transfer), Ok(()));
        }
    }
}
