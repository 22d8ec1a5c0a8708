//! Which page runs a CPU keeps: pure bookkeeping of their sizes.
//!
//! A shelf has a few slots. A run is found by its exact number of pages; what has stood there
//! longest makes room. Both slots and pages are bounded.

/// A shelf of at most `SLOTS` runs with at most `PAGES` pages.
#[derive(Clone, Copy, Debug)]
pub struct RunCache<const SLOTS: usize, const PAGES: u32> {
    /// Pages of the run in each slot; 0 if there is none.
    pages: [u32; SLOTS],
    /// When each was put there.
    since: [u32; SLOTS],
    clock: u32,
    total: u32,
}

impl<const SLOTS: usize, const PAGES: u32> RunCache<SLOTS, PAGES> {
    /// Nothing on it.
    pub const NEW: Self = Self {
        pages: [0; SLOTS],
        since: [0; SLOTS],
        clock: 0,
        total: 0,
    };

    /// Takes a run of exactly `pages` (at least one) off: its slot.
    pub fn take(&mut self, pages: u32) -> Option<usize> {
        let slot = self.find(pages)?;
        if pages == 0 {
            return None;
        }
        self.remove(slot);
        Some(slot)
    }

    /// Takes off the run that has to make room for one of `pages`; `None` when there is room, or
    /// nothing left to take off.
    pub fn make_room(&mut self, pages: u32) -> Option<usize> {
        match self.room(pages) {
            Some(_) => None,
            None => self.oldest(),
        }
    }

    /// A free slot for a run of `pages`, if there is room for it.
    fn room(&self, pages: u32) -> Option<usize> {
        let fits = PAGES.checked_sub(self.total) >= Some(pages);
        if fits { self.find(0) } else { None }
    }

    /// Puts a run of `pages` (at least one) into a free slot; `None` when there is no room.
    pub fn put(&mut self, pages: u32) -> Option<usize> {
        let slot = self.room(pages)?;
        self.pages[slot] = pages;
        self.since[slot] = self.clock;
        self.clock = self.clock.wrapping_add(1);
        self.total = self.total.saturating_add(pages);
        Some(slot)
    }

    /// Takes off the run that has stood there longest.
    pub fn oldest(&mut self) -> Option<usize> {
        let mut found = None;
        let mut age = 0;
        let mut slot = 0;
        while slot < SLOTS {
            // Ages, not times: the clock may wrap. At least 1, as the clock has moved on since.
            let stood = self.clock.wrapping_sub(self.since[slot]);
            if self.pages[slot] != 0 && stood > age {
                age = stood;
                found = Some(slot);
            }
            slot = slot.strict_add(1);
        }
        self.remove(found?);
        found
    }

    fn find(&self, pages: u32) -> Option<usize> {
        let mut slot = 0;
        while slot < SLOTS {
            if self.pages[slot] == pages {
                return Some(slot);
            }
            slot = slot.strict_add(1);
        }
        None
    }

    fn remove(&mut self, slot: usize) {
        self.total = self.total.saturating_sub(self.pages[slot]);
        self.pages[slot] = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keep(shelf: &mut RunCache<4, 100>, pages: u32) -> Vec<usize> {
        let mut gone = Vec::new();
        while let Some(slot) = shelf.make_room(pages) {
            gone.push(slot);
        }
        assert!(shelf.put(pages).is_some());
        gone
    }
    extern crate std;
    use std::vec::Vec;

    #[test]
    fn a_run_is_found_by_its_exact_size_and_once() {
        let mut shelf = RunCache::<4, 100>::NEW;
        assert_eq!(keep(&mut shelf, 5), []);
        assert_eq!(keep(&mut shelf, 9), []);
        assert_eq!(shelf.take(4), None);
        assert_eq!(shelf.take(9), Some(1));
        assert_eq!(shelf.take(9), None);
        assert_eq!(shelf.take(5), Some(0));
        assert_eq!(
            (shelf.take(0), shelf.oldest(), shelf.total),
            (None, None, 0)
        );
    }

    #[test]
    fn the_oldest_makes_room_also_when_the_clock_wraps() {
        let mut shelf = RunCache::<4, 100>::NEW;
        shelf.clock = u32::MAX - 1;
        for pages in [5, 6, 7, 8] {
            assert_eq!(keep(&mut shelf, pages), []);
        }
        assert_eq!(keep(&mut shelf, 9), [0]);
        assert_eq!(shelf.take(6), Some(1));
        assert_eq!(keep(&mut shelf, 10), []);
        assert_eq!(keep(&mut shelf, 11), [2]);
    }

    #[test]
    fn pages_are_bounded() {
        let mut shelf = RunCache::<4, 100>::NEW;
        let half = 50;
        assert_eq!(keep(&mut shelf, half), []);
        assert_eq!(keep(&mut shelf, half), []);
        assert_eq!(keep(&mut shelf, 1), [0]);
        assert_eq!(keep(&mut shelf, 100), [1, 0]);
        assert_eq!(shelf.total, 100);
    }
}
