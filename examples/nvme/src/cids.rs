//! Command identifiers: which are in use, and which one a completion really means. Pure.
//!
//! A CID is a slot number in its low bits and, above, how often the slot was used. A completion that
//! comes twice, or late, carries an old count, so it can't end a command that has the slot now.

/// Slots, and bits of a slot number.
pub(crate) const SLOTS: usize = 64;
const SLOT_BITS: u32 = 6;
/// Counts go from 0 to this; FFFFh is no valid CID (NVM Express Base 2.0 figure 87), and neither it nor
/// any other CID with all ones above the slot is used.
const MAX_COUNT: u16 = (u16::MAX >> SLOT_BITS) - 1;

/// A command identifier in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cid(u16);

impl Cid {
    /// The identifier as the controller sees it.
    pub(crate) const fn value(self) -> u16 {
        self.0
    }

    /// Its slot, below [`SLOTS`].
    pub(crate) const fn slot(self) -> usize {
        self.0 as usize & (SLOTS - 1)
    }
}

/// The table.
#[derive(Debug)]
pub(crate) struct Cids {
    limit: usize,
    used: u64,
    count: [u16; SLOTS],
}

impl Cids {
    /// A table of the first `limit` slots (at most [`SLOTS`]), all free.
    pub(crate) const fn new(limit: usize) -> Self {
        Self {
            limit: if limit < SLOTS { limit } else { SLOTS },
            used: 0,
            count: [0; SLOTS],
        }
    }

    /// Takes the lowest free slot; `None` if there is none.
    pub(crate) const fn take(&mut self) -> Option<Cid> {
        let slot = self.used.trailing_ones() as usize;
        if slot >= self.limit {
            return None;
        }
        self.used |= 1 << slot;
        Some(Cid(self.count[slot] << SLOT_BITS | slot as u16))
    }

    /// The identifier in use that a completion names; `None` if the completion is made up, stale or
    /// a repetition.
    pub(crate) const fn find(&self, cid: u16) -> Option<Cid> {
        let slot = Cid(cid).slot();
        if slot < self.limit && self.used >> slot & 1 == 1 && cid >> SLOT_BITS == self.count[slot] {
            Some(Cid(cid))
        } else {
            None
        }
    }

    /// Frees an identifier. False, and no change, if it isn't in use.
    pub(crate) const fn free(&mut self, cid: Cid) -> bool {
        if self.find(cid.0).is_none() {
            return false;
        }
        let slot = cid.slot();
        self.used &= !(1 << slot);
        self.count[slot] = if self.count[slot] >= MAX_COUNT {
            0
        } else {
            self.count[slot] + 1
        };
        true
    }
}

const _: () = assert!(SLOTS == 1 << SLOT_BITS && SLOTS == u64::BITS as usize);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_distinct_and_limited() {
        let mut cids = Cids::new(5);
        let mut slots = [false; SLOTS];
        for _ in 0..5 {
            let cid = cids.take().unwrap();
            assert!(!core::mem::replace(&mut slots[cid.slot()], true));
        }
        assert_eq!(cids.take(), None);
    }

    #[test]
    fn all_64_slots_can_be_used() {
        let mut cids = Cids::new(1000);
        for slot in 0..64 {
            assert_eq!(cids.take().unwrap().slot(), slot);
        }
        assert_eq!(cids.take(), None);
    }

    #[test]
    fn a_repeated_completion_does_not_find_the_slots_next_command() {
        let mut cids = Cids::new(1);
        let first = cids.take().unwrap();
        assert!(cids.free(first));
        assert!(!cids.free(first));
        let second = cids.take().unwrap();
        assert_eq!(first.slot(), second.slot());
        assert_eq!(cids.find(first.value()), None);
        assert_eq!(cids.find(second.value()), Some(second));
    }

    #[test]
    fn made_up_identifiers_are_not_found() {
        let mut cids = Cids::new(4);
        let cid = cids.take().unwrap();
        for value in 0..=u16::MAX {
            assert_eq!(cids.find(value).is_some(), value == cid.value());
        }
    }

    #[test]
    fn counts_wrap_without_ever_giving_ffff() {
        let mut cids = Cids::new(64);
        let held: [Cid; 63] = core::array::from_fn(|_| cids.take().unwrap());
        for _ in 0..3000 {
            let cid = cids.take().unwrap();
            assert_ne!(cid.value(), u16::MAX);
            assert!(cids.free(cid));
        }
        assert!(held.into_iter().all(|cid| cids.free(cid)));
    }
}
