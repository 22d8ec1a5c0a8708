//! A bit map of pages, searched first fit: pure logic.

/// The number of bits in a word.
const BITS: usize = u32::BITS as usize;

/// Returns how many words a map of `pages` pages needs.
#[must_use]
pub const fn words(pages: usize) -> usize {
    pages.div_ceil(BITS)
}

/// The pages in use: one bit for each page, which is set while the page is in use.
#[derive(Clone, Debug)]
pub struct PageMap<W: AsRef<[u32]> + AsMut<[u32]>> {
    words: W,
    pages: usize,
    free: usize,
}

impl<W: AsRef<[u32]> + AsMut<[u32]>> PageMap<W> {
    /// Makes a map of `pages` free pages over `words`, which are all zero. If the words have fewer bits, the map has
    /// only that many pages.
    pub fn new(words: W, pages: usize) -> Self {
        let bits = words.as_ref().len().saturating_mul(BITS);
        let pages = if pages < bits { pages } else { bits };
        Self {
            words,
            pages,
            free: pages,
        }
    }

    /// Returns how many pages are free.
    #[must_use]
    pub const fn free_pages(&self) -> usize {
        self.free
    }

    /// Takes the first free run of `count` pages that begins at a multiple of `align` (a power of two), where page 0 of
    /// the map counts as page `base`. Returns the first page of the run.
    pub fn take(&mut self, count: usize, align: usize, base: usize) -> Option<usize> {
        if count == 0 || count > self.free {
            return None;
        }
        let mut first = aligned(0, align, base)?;
        loop {
            match self.last_used(first, count)? {
                None => break,
                Some(used) => first = aligned(used.checked_add(1)?, align, base)?,
            }
        }
        self.mark(first, count, true);
        self.free = self.free.saturating_sub(count);
        Some(first)
    }

    /// Frees `count` pages from `first` on, which were taken. Does nothing if they are not all in the map.
    pub fn put(&mut self, first: usize, count: usize) {
        let Some(end) = first.checked_add(count) else {
            return;
        };
        if end > self.pages {
            return;
        }
        self.mark(first, count, false);
        self.free = self.free.saturating_add(count);
    }

    /// Returns the last page in use among the `count` pages from `first` on, if any is in use; an outer `None` if the
    /// map ends before that.
    fn last_used(&self, first: usize, count: usize) -> Option<Option<usize>> {
        let end = first.checked_add(count)?;
        if end > self.pages {
            return None;
        }
        // Searches from the end, because the caller continues behind the last page in use.
        let mut page = end;
        while page > first {
            page = page.strict_sub(1);
            if self.words.as_ref()[page / BITS] >> (page % BITS) & 1 == 1 {
                return Some(Some(page));
            }
        }
        Some(None)
    }

    fn mark(&mut self, first: usize, count: usize, used: bool) {
        let end = first.strict_add(count);
        let mut page = first;
        while page < end {
            let bit = 1 << (page % BITS);
            let word = &mut self.words.as_mut()[page / BITS];
            if used {
                *word |= bit;
            } else {
                *word &= !bit;
            }
            page = page.strict_add(1);
        }
    }
}

/// Returns the first page from `page` on that is a multiple of `align`, where page 0 counts as page `base`.
fn aligned(page: usize, align: usize, base: usize) -> Option<usize> {
    let at = base.checked_add(page)?;
    let mask = align.checked_sub(1)?;
    (at.checked_add(mask)? & !mask).checked_sub(base)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pages: usize) -> PageMap<[u32; 3]> {
        PageMap::new([0; 3], pages)
    }

    #[test]
    fn first_fit_across_words_and_no_page_twice() {
        let mut map = map(70);
        assert_eq!(map.take(30, 1, 0), Some(0));
        assert_eq!(map.take(5, 1, 0), Some(30));
        assert_eq!(map.take(1, 1, 0), Some(35));
        map.put(30, 5);
        assert_eq!(map.take(6, 1, 0), Some(36));
        assert_eq!(map.take(4, 1, 0), Some(30));
        assert_eq!(map.free_pages(), 70 - 41);
        assert_eq!((map.take(29, 1, 0), map.take(28, 1, 0)), (None, Some(42)));
        assert_eq!((map.take(1, 1, 0), map.take(1, 1, 0)), (Some(34), None));
        for (first, count) in [(0, 30), (30, 4), (34, 1), (35, 1), (36, 6), (42, 28)] {
            map.put(first, count);
        }
        assert_eq!(map.take(70, 1, 0), Some(0));
    }

    #[test]
    fn alignment_counts_from_the_base() {
        let mut map = map(96);
        assert_eq!(map.take(2, 16, 5), Some(11));
        assert_eq!(map.take(16, 16, 5), Some(27));
        assert_eq!(map.take(20, 1, 5), Some(43));
        assert_eq!(map.take(1, 16, usize::MAX - 3), None, "no sum wraps");
    }

    #[test]
    fn runs_outside_the_map_are_refused() {
        let mut map = map(1000);
        assert_eq!(map.free_pages(), 96, "no more than the words have bits");
        assert_eq!((map.take(0, 1, 0), map.take(97, 1, 0)), (None, None));
        map.put(90, 7);
        map.put(usize::MAX, 2);
        assert_eq!(map.free_pages(), 96);
    }
}
