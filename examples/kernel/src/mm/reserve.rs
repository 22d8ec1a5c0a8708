//! Pages that are opened and closed by a bit in their table entries. Opening needs neither memory nor a lock, so a
//! trap handler may open pages, whatever code it has interrupted.

use core::ops::Range;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use arrayvec::ArrayVec;
use x86_64::VirtAddr;
use x86_64::instructions::tlb;
use x86_64::structures::paging::PageTableFlags as Flags;

use super::address_space;
use super::layout::PAGE_SIZE;

/// The most pages of one reserve.
pub(crate) const MAX_PAGES: u64 = 8;

const PRESENT: u64 = Flags::PRESENT.bits();

/// Mapped pages that can be closed. An access to a closed page faults; the contents of the page stay.
pub(crate) struct Reserve {
    pages: Range<u64>,
    entries: ArrayVec<NonNull<AtomicU64>, { MAX_PAGES as usize }>,
}

impl Reserve {
    /// Makes a reserve of `pages` and closes them. Returns `None` and does nothing if there are more than
    /// [`MAX_PAGES`] pages, or if a page is not mapped or is part of a huge page.
    ///
    /// # Safety
    ///
    /// The pages stay mapped until the reserve is dropped, which opens them. Only the thread that runs on their stack,
    /// and its trap handlers, open, close or use them.
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

    /// Opens the pages. Returns true if a page was closed before.
    pub(crate) fn open(&self) -> bool {
        let mut opened = false;
        for entry in self.entries() {
            // The CPU caches no translation of a page that is not present, so there is nothing to flush.
            opened |= entry.fetch_or(PRESENT, Relaxed) & PRESENT == 0;
        }
        opened
    }

    /// Closes the pages. Returns true if a page was open before. Only the running CPU's translations are flushed.
    /// Another CPU on which the thread ran before may still have a translation cached, so there an overflow may be
    /// noticed only at the guard page.
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

    /// Returns the size of the pages that were written to since they were mapped, in bytes.
    #[cfg(feature = "kernel-tests")]
    pub(crate) fn written(&self) -> usize {
        let written = |entry: &&AtomicU64| entry.load(Relaxed) & Flags::DIRTY.bits() != 0;
        self.entries().filter(written).count() * PAGE_SIZE as usize
    }

    /// Returns the entries, which the CPU writes to as well.
    fn entries(&self) -> impl Iterator<Item = &AtomicU64> {
        // SAFETY: the pages stay mapped as long as `self` exists, as the caller of `new` guarantees. So the page
        // table that holds their entries stays allocated, and code that changes page tables leaves these entries
        // alone.
        self.entries.iter().map(|entry| unsafe { entry.as_ref() })
    }
}

impl Drop for Reserve {
    fn drop(&mut self) {
        self.open();
    }
}
