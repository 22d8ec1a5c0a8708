//! The bookkeeping of the page runs that a CPU caches: only their sizes, pure logic.
//!
//! A cache has a few slots. A run is found by its exact number of pages, and the oldest run makes room for a new one.
//! The number of slots and the sum of pages are both bounded.

/// A cache of at most `SLOTS` runs, which have at most `PAGES` pages in all.
#[derive(Clone, Copy, Debug)]
pub struct RunCache<const SLOTS: usize, const PAGES: u32> {
    /// The pages of the run in each slot; 0 for a free slot.
    pages: [u32; SLOTS],
    /// The value of `clock` when the run of each slot was put there.
    since: [u32; SLOTS],
    clock: u32,
    total: u32,
}

impl<const SLOTS: usize, const PAGES: u32> RunCache<SLOTS, PAGES> {
    /// An empty cache.
    pub const NEW: Self = Self {
        pages: [0; SLOTS],
        since: [0; SLOTS],
        clock: 0,
        total: 0,
    };

    /// Takes out a run of exactly `pages` pages (at least one). Returns its slot.
    pub fn take(&mut self, pages: u32) -> Option<usize> {
        let slot = self.find(pages)?;
        if pages == 0 {
            return None;
        }
        self.remove(slot);
        Some(slot)
    }

    /// Takes out the oldest run if there is no room for one of `pages` pages. Returns its slot, or `None` if there is
    /// room or no run is left.
    pub fn make_room(&mut self, pages: u32) -> Option<usize> {
        match self.room(pages) {
            Some(_) => None,
            None => self.oldest(),
        }
    }

    /// Returns a free slot for a run of `pages` pages, if there is room for it.
    fn room(&self, pages: u32) -> Option<usize> {
        let fits = PAGES.checked_sub(self.total) >= Some(pages);
        if fits { self.find(0) } else { None }
    }

    /// Puts a run of `pages` pages (at least one) into a free slot. Returns the slot, or `None` if there is no room.
    pub fn put(&mut self, pages: u32) -> Option<usize> {
        let slot = self.room(pages)?;
        self.pages[slot] = pages;
        self.since[slot] = self.clock;
        self.clock = self.clock.wrapping_add(1);
        self.total = self.total.saturating_add(pages);
        Some(slot)
    }

    /// Takes out the run that has been cached longest. Returns its slot.
    pub fn oldest(&mut self) -> Option<usize> {
        let mut found = None;
        let mut age = 0;
        let mut slot = 0;
        while slot < SLOTS {
            // Compares ages and not times, because the clock may wrap. An age is at least 1, because `put` advances the
            // clock.
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

    fn keep(cache: &mut RunCache<4, 100>, pages: u32) -> Vec<usize> {
        let mut gone = Vec::new();
        while let Some(slot) = cache.make_room(pages) {
            gone.push(slot);
        }
        assert!(cache.put(pages).is_some());
        gone
    }
    extern crate std;
    use std::vec::Vec;

    #[test]
    fn a_run_is_found_by_its_exact_size_and_once() {
        let mut cache = RunCache::<4, 100>::NEW;
        assert_eq!(keep(&mut cache, 5), []);
        assert_eq!(keep(&mut cache, 9), []);
        assert_eq!(cache.take(4), None);
        assert_eq!(cache.take(9), Some(1));
        assert_eq!(cache.take(9), None);
        assert_eq!(cache.take(5), Some(0));
        assert_eq!(
            (cache.take(0), cache.oldest(), cache.total),
            (None, None, 0)
        );
    }

    #[test]
    fn the_oldest_makes_room_also_when_the_clock_wraps() {
        let mut cache = RunCache::<4, 100>::NEW;
        cache.clock = u32::MAX - 1;
        for pages in [5, 6, 7, 8] {
            assert_eq!(keep(&mut cache, pages), []);
        }
        assert_eq!(keep(&mut cache, 9), [0]);
        assert_eq!(cache.take(6), Some(1));
        assert_eq!(keep(&mut cache, 10), []);
        assert_eq!(keep(&mut cache, 11), [2]);
    }

    #[test]
    fn pages_are_bounded() {
        let mut cache = RunCache::<4, 100>::NEW;
        let half = 50;
        assert_eq!(keep(&mut cache, half), []);
        assert_eq!(keep(&mut cache, half), []);
        assert_eq!(keep(&mut cache, 1), [0]);
        assert_eq!(keep(&mut cache, 100), [1, 0]);
        assert_eq!(cache.total, 100);
    }
}
