//! Pages that are opened and closed by a bit of their table entries. Neither takes memory or a lock, so
//! a trap handler may open them, whatever it interrupted.

use core::ops::Range;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use arrayvec::ArrayVec;
use x86_64::VirtAddr;
use x86_64::instructions::tlb;
use x86_64::structures::paging::PageTableFlags as Flags;

use super::address_space;
use super::layout::PAGE_SIZE;

/// Pages that there may be in one.
pub(crate) const MAX_PAGES: u64 = 8;

const PRESENT: u64 = Flags::PRESENT.bits();

/// Mapped pages that are closed: an access faults. What they hold stays.
pub(crate) struct Reserve {
    pages: Range<u64>,
    entries: ArrayVec<NonNull<AtomicU64>, { MAX_PAGES as usize }>,
}

impl Reserve {
    /// Closes `pages`; `None`, and nothing is done, unless they are mapped one by one, and at most
    /// [`MAX_PAGES`].
    ///
    /// # Safety
    ///
    /// They stay mapped until the reserve is dropped, which opens them, and nobody but who runs on their stack
    /// opens, closes or uses them.
    pub(crate) unsafe fn new(pages: Range<u64>) -> Option<Self> {
        let mut entries = ArrayVec::new();
        for page in pages.clone().step_by(PAGE_SIZE as usize) {
            entries.try_push(address_space::entry(page)?).ok()?;
        }
        let reserve = Self { pages, entries };
        reserve.close();
        Some(reserve)
    }

    pub(crate) fn pages(&self) -> &Range<u64> {
        &self.pages
    }

    /// Opens the pages; whether one of them was closed.
    pub(crate) fn open(&self) -> bool {
        let mut opened = false;
        for entry in self.entries() {
            // The processor keeps no translation of a page that is not present: nothing is to be flushed.
            opened |= entry.fetch_or(PRESENT, Relaxed) & PRESENT == 0;
        }
        opened
    }

    /// Closes them; whether one of them was open. A processor that the thread has left for this one may
    /// still know the page as open: then a stack that runs over there is noticed later, at its guard.
    pub(crate) fn close(&self) -> bool {
        let mut closed = false;
        for (page, entry) in self
            .pages
            .clone()
            .step_by(PAGE_SIZE as usize)
            .zip(self.entries())
        {
            if entry.fetch_and(!PRESENT, Relaxed) & PRESENT != 0 {
                tlb::flush(VirtAddr::new(page));
                closed = true;
            }
        }
        closed
    }

    /// Bytes that were written to since the pages were mapped, in whole pages.
    #[cfg(feature = "kernel-tests")]
    pub(crate) fn written(&self) -> usize {
        let written = |entry: &&AtomicU64| entry.load(Relaxed) & Flags::DIRTY.bits() != 0;
        self.entries().filter(written).count() * PAGE_SIZE as usize
    }

    /// The entries, which the processor writes to as well.
    fn entries(&self) -> impl Iterator<Item = &AtomicU64> {
        // SAFETY: of pages that stay mapped as long as `self`, so the table stays; whoever changes
        // tables meanwhile leaves these entries alone.
        self.entries.iter().map(|entry| unsafe { entry.as_ref() })
    }
}

impl Drop for Reserve {
    fn drop(&mut self) {
        self.open();
    }
}
