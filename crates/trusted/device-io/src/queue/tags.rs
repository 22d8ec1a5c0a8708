//! Tags: the set of tags in use, and the look-up of the command that a completion names. Pure.
//!
//! The low bits of a tag are a slot number; the bits above count how often the slot was used. A completion that comes
//! twice or late carries an old count, so it can't end the command that uses the slot now.

/// Number of slots, and bits of a slot number.
pub(crate) const SLOTS: usize = 64;
const SLOT_BITS: u32 = 6;
/// Counts go from 0 to this. The use count in a tag is never all ones. So the tag FFFFh is never used, which some
/// devices do not accept (NVM Express Base 2.0 figure 87).
const MAX_COUNT: u16 = (u16::MAX >> SLOT_BITS) - 1;

/// The tag of a command in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tag(u16);

impl Tag {
    /// Returns the tag as the device sees it.
    pub const fn value(self) -> u16 {
        self.0
    }

    /// Returns the tag's slot, below 64. No other command in flight in the queue has it.
    pub const fn slot(self) -> usize {
        self.0 as usize & (SLOTS - 1)
    }
}

/// The tags of one queue.
#[derive(Debug)]
pub(crate) struct Tags {
    limit: usize,
    used: u64,
    /// The number of slots in `used`.
    taken: u32,
    /// The number after that of the slot that was taken last.
    turn: u32,
    count: [u16; SLOTS],
}

impl Tags {
    /// Makes a table of the first `limit` slots (at most [`SLOTS`]), all free.
    pub(crate) const fn new(limit: usize) -> Self {
        Self {
            limit: if limit < SLOTS { limit } else { SLOTS },
            used: 0,
            taken: 0,
            turn: 0,
            count: [0; SLOTS],
        }
    }

    /// Returns the slots in use, one bit each.
    #[inline]
    pub(crate) const fn slots(&self) -> u64 {
        self.used
    }

    /// Returns how many slots are in use.
    #[inline]
    pub(crate) const fn used(&self) -> u32 {
        self.taken
    }

    /// Returns the tag of the free slot that is taken next; `None` if there is none. Slots take turns, so a tag comes
    /// again only after its slot was used 1,023 times.
    #[inline]
    pub(crate) fn next(&self) -> Option<Tag> {
        let free = !self.used & u64::MAX >> (SLOTS - self.limit);
        let behind = free & u64::MAX << self.turn;
        let next = if behind != 0 { behind } else { free };
        let slot = next.trailing_zeros() as usize;
        (next != 0).then(|| Tag(self.count[slot] << SLOT_BITS | slot as u16))
    }

    /// Takes the next free slot and returns its tag; `None` if there is none.
    #[inline]
    pub(crate) fn take(&mut self) -> Option<Tag> {
        let tag = self.next()?;
        self.used |= 1 << tag.slot();
        self.turn = (tag.slot() as u32 + 1) % SLOTS as u32;
        self.taken += 1;
        Some(tag)
    }

    /// Returns the tag in use that a completion names; `None` if the completion is made up, stale or a repetition.
    #[inline]
    pub(crate) fn find(&self, tag: u16) -> Option<Tag> {
        let slot = Tag(tag).slot();
        let is_used = slot < self.limit && self.used >> slot & 1 == 1;
        (is_used && tag >> SLOT_BITS == self.count[slot]).then_some(Tag(tag))
    }

    /// Frees a tag. If the tag isn't in use, returns false and changes nothing.
    #[inline]
    pub(crate) fn free(&mut self, tag: Tag) -> bool {
        if self.find(tag.0).is_none() {
            return false;
        }
        let slot = tag.slot();
        self.used &= !(1 << slot);
        self.taken -= 1;
        self.count[slot] = (self.count[slot] + 1) % (MAX_COUNT + 1);
        true
    }

    /// Frees all tags, for a device that no longer has any command. The use counts are kept, so that a completion
    /// with an earlier tag matches no later command.
    pub(crate) fn free_all(&mut self) {
        while self.used != 0 {
            let slot = self.used.trailing_zeros() as usize;
            self.free(Tag(self.count[slot] << SLOT_BITS | slot as u16));
        }
    }
}

const _: () = assert!(SLOTS == 1 << SLOT_BITS && SLOTS == u64::BITS as usize);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_distinct_and_limited() {
        let mut tags = Tags::new(5);
        let mut slots = [false; SLOTS];
        for _ in 0..5 {
            let tag = tags.take().unwrap();
            assert!(!core::mem::replace(&mut slots[tag.slot()], true));
        }
        assert_eq!(tags.take(), None);
        assert_eq!(tags.used(), 5);
    }

    #[test]
    fn all_64_slots_can_be_used() {
        let mut tags = Tags::new(1000);
        for slot in 0..64 {
            assert_eq!(tags.take().unwrap().slot(), slot);
        }
        assert_eq!(tags.take(), None);
    }

    #[test]
    fn a_repeated_completion_finds_no_later_command() {
        let mut tags = Tags::new(1);
        let first = tags.take().unwrap();
        assert!(tags.free(first));
        assert!(!tags.free(first));
        let second = tags.take().unwrap();
        assert_eq!(first.slot(), second.slot());
        assert_eq!(tags.find(first.value()), None);
        assert_eq!(tags.find(second.value()), Some(second));
        tags.free_all();
        assert_eq!(tags.find(second.value()), None);
    }

    #[test]
    fn made_up_tags_are_not_found() {
        let mut tags = Tags::new(4);
        let tag = tags.take().unwrap();
        for value in 0..=u16::MAX {
            assert_eq!(tags.find(value).is_some(), value == tag.value());
        }
    }

    #[test]
    fn counts_wrap_without_ever_giving_ffff() {
        let mut tags = Tags::new(64);
        let held: [Tag; 63] = core::array::from_fn(|_| tags.take().unwrap());
        for _ in 0..3000 {
            let tag = tags.take().unwrap();
            assert_ne!(tag.value(), u16::MAX);
            assert!(tags.free(tag));
        }
        assert!(held.into_iter().all(|tag| tags.free(tag)));
    }
}
