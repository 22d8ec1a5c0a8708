//! Positions in a descriptor ring: pure arithmetic.
//!
//! There are four counts. Each only grows, and wraps around at 2^32. A ring is far smaller, so the differences
//! between counts are unambiguous: `taken <= done <= published <= filled <= taken + mask`. The last relation keeps
//! one descriptor unused, because a ring whose tail equals its head looks empty to the device.

/// The positions in a ring of `mask + 1` descriptors, a power of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Positions {
    /// The mask that turns a count into an index.
    pub(super) mask: u32,
    taken: u32,
    done: u32,
    published: u32,
    filled: u32,
}

impl Positions {
    /// Returns the positions of an empty ring of `entries`, a power of two from 8 to 32768; `None` for another
    /// number.
    pub(crate) const fn new(entries: u32) -> Option<Self> {
        if entries < 8 || entries > 1 << 15 || !entries.is_power_of_two() {
            return None;
        }
        Some(Self {
            mask: entries - 1,
            taken: 0,
            done: 0,
            published: 0,
            filled: 0,
        })
    }

    /// Returns how many descriptors may be filled.
    #[inline]
    pub(crate) const fn room(&self) -> u32 {
        self.mask - self.held()
    }

    /// Returns how many descriptors are filled and not taken.
    #[inline]
    pub(crate) const fn held(&self) -> u32 {
        self.filled.wrapping_sub(self.taken)
    }

    /// Fills the next descriptor and returns its index; `None` if the ring is full.
    #[inline]
    pub(crate) const fn fill(&mut self) -> Option<u32> {
        if self.room() == 0 {
            return None;
        }
        let index = self.filled & self.mask;
        self.filled = self.filled.wrapping_add(1);
        Some(index)
    }

    /// Publishes the descriptors that are filled and not published; returns the first and last index, or `None` if
    /// there are none.
    #[inline]
    pub(crate) const fn publish(&mut self) -> Option<(u32, u32)> {
        if self.published == self.filled {
            return None;
        }
        let first = self.published & self.mask;
        let last = self.filled.wrapping_sub(1) & self.mask;
        self.published = self.filled;
        Some((first, last))
    }

    /// Returns the index after the last filled descriptor, which goes into a tail register.
    #[inline]
    pub(crate) const fn tail(&self) -> u32 {
        self.filled & self.mask
    }

    /// Returns the index of the oldest descriptor that is published and not done.
    #[inline]
    pub(crate) const fn pending(&self) -> Option<u32> {
        if self.done == self.published {
            return None;
        }
        Some(self.done & self.mask)
    }

    /// Marks the published descriptors up to index `last` as done. Returns false and changes nothing if `last` is not
    /// published, or already done.
    #[inline]
    pub(crate) const fn complete(&mut self, last: u32) -> bool {
        let count = (last.wrapping_sub(self.done) & self.mask) + 1;
        if count > self.published.wrapping_sub(self.done) {
            return false;
        }
        self.done = self.done.wrapping_add(count);
        true
    }

    /// Returns how many descriptors are done and not taken.
    #[inline]
    pub(crate) const fn ready(&self) -> u32 {
        self.done.wrapping_sub(self.taken)
    }

    /// Returns the index of the oldest descriptor that is done and not taken.
    #[inline]
    pub(crate) const fn oldest(&self) -> Option<u32> {
        if self.taken == self.done {
            return None;
        }
        Some(self.taken & self.mask)
    }

    /// Takes the oldest descriptor that is done and returns its index: it may be filled again.
    #[inline]
    pub(crate) fn take(&mut self) -> Option<u32> {
        let index = self.oldest()?;
        self.taken = self.taken.wrapping_add(1);
        Some(index)
    }

    /// [`take`](Self::take)s one descriptor and [`fill`](Self::fill)s one; returns both indexes.
    #[inline]
    pub(crate) fn trade(&mut self) -> Option<(u32, u32)> {
        let taken = self.take()?;
        // There is room, because a descriptor was just taken.
        let filled = self.filled & self.mask;
        self.filled = self.filled.wrapping_add(1);
        Some((taken, filled))
    }

    /// Marks all descriptors as done, for a queue that the device no longer uses.
    pub(crate) const fn complete_all(&mut self) {
        self.published = self.filled;
        self.done = self.filled;
    }

    /// Starts again at index 0. Unless all descriptors were taken, returns false and changes nothing.
    pub(crate) const fn restart(&mut self) -> bool {
        if self.held() != 0 {
            return false;
        }
        self.taken = 0;
        self.done = 0;
        self.published = 0;
        self.filled = 0;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::Positions;
    use std::collections::VecDeque;

    #[test]
    fn invalid_ring_lengths_are_refused() {
        for entries in [0, 1, 4, 7, 9, 24, (1 << 15) + 1, 1 << 16, u32::MAX] {
            assert_eq!(Positions::new(entries), None);
        }
    }

    /// Invariant: DEV-28
    #[test]
    fn positions_follow_a_queue_across_the_wrap() {
        let mut ring = Positions::new(8).unwrap();
        // Starts just before the counts wrap around.
        for count in [
            &mut ring.taken,
            &mut ring.done,
            &mut ring.published,
            &mut ring.filled,
        ] {
            *count = 0u32.wrapping_sub(24);
        }
        // The indexes that are filled, published and done.
        let (mut filled, mut published, mut done) =
            (VecDeque::new(), VecDeque::new(), VecDeque::new());
        let mut next = 0;
        for step in 0..20_000u32 {
            match step.wrapping_mul(2_654_435_761) >> 29 {
                0..=2 => match ring.fill() {
                    Some(index) => {
                        assert_eq!(index, next);
                        next = (next + 1) % 8;
                        filled.push_back(index);
                    }
                    None => assert_eq!(filled.len() + published.len() + done.len(), 7),
                },
                3 => {
                    let ends = filled.front().copied().zip(filled.back().copied());
                    assert_eq!(ring.publish(), ends);
                    published.append(&mut filled);
                    assert_eq!(ring.tail(), next);
                }
                4 if step & 1 == 0 => match ring.trade() {
                    Some((taken, index)) => {
                        assert_eq!(Some(taken), done.pop_front());
                        assert_eq!(index, next);
                        next = (next + 1) % 8;
                        filled.push_back(index);
                    }
                    None => assert!(done.is_empty()),
                },
                4..=5 => {
                    assert_eq!(ring.pending(), published.front().copied());
                    let last = step % 8;
                    let at = published.iter().position(|&index| index == last);
                    assert_eq!(ring.complete(last), at.is_some());
                    done.extend(published.drain(..at.map_or(0, |at| at + 1)));
                }
                _ => {
                    assert_eq!(ring.oldest(), done.front().copied());
                    assert_eq!(ring.take(), done.pop_front());
                }
            }
            assert_eq!(ring.ready() as usize, done.len());
            assert_eq!(
                ring.held() as usize,
                filled.len() + published.len() + done.len()
            );
        }
    }

    #[test]
    fn positions_restart_when_nothing_is_held() {
        let mut ring = Positions::new(8).unwrap();
        ring.fill().unwrap();
        assert!(!ring.restart());
        ring.complete_all();
        assert_eq!(ring.take(), Some(0));
        assert!(ring.restart());
        assert_eq!(ring.fill(), Some(0));
    }
}
