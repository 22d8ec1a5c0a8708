//! Pages from one fixed buffer: a heap host's memory without an allocator or an MMU.
//!
//! ```
//! use core::ptr::NonNull;
//! use samara_shared_heap::fixed::{Buffer, FixedPages};
//! use samara_shared_heap::host::HeapHost;
//! use samara_shared_heap::thread::ThreadSlot;
//!
//! static MEMORY: Buffer<{ 256 * 1024 }> = Buffer::new();
//! static PAGES: FixedPages = FixedPages::new();
//!
//! struct Board;
//! // SAFETY: pages are those of `FixedPages`; there is one thread.
//! unsafe impl HeapHost for Board {
//!     fn thread_slot() -> NonNull<ThreadSlot> {
//!         todo!("the slot of the only thread")
//!     }
//!     fn alloc_pages(bytes: usize, align: usize) -> Option<NonNull<u8>> {
//!         PAGES.alloc(bytes, align)
//!     }
//!     unsafe fn free_pages(start: NonNull<u8>, bytes: usize, _: usize) {
//!         // SAFETY: handed on.
//!         unsafe { PAGES.free(start, bytes) }
//!     }
//! }
//!
//! PAGES.give(MEMORY.take().expect("taken once"));
//! assert!(PAGES.free_bytes() >= 128 * 1024);
//! ```

use crate::class::PAGE_SIZE;
use crate::page_map::{self, PageMap};
use crate::primitive::Mutex;
use crate::primitive::atomic::{AtomicBool, Ordering};
use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use core::ptr::NonNull;

/// `BYTES` of static memory, taken once. Aligned to a slab, so that no slab's worth is lost.
#[derive(Debug)]
#[cfg_attr(feature = "small", repr(C, align(4096)))]
#[cfg_attr(not(feature = "small"), repr(C, align(65536)))]
pub struct Buffer<const BYTES: usize> {
    memory: UnsafeCell<[MaybeUninit<u8>; BYTES]>,
    taken: AtomicBool,
}

// SAFETY: the memory is given out once, by whoever sets `taken` first.
unsafe impl<const BYTES: usize> Sync for Buffer<BYTES> {}

impl<const BYTES: usize> Buffer<BYTES> {
    /// Not taken yet. Takes up no space in the image.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            memory: UnsafeCell::new([MaybeUninit::uninit(); BYTES]),
            taken: AtomicBool::new(false),
        }
    }

    /// The memory; `None` at every call but the first.
    #[expect(clippy::mut_from_ref, reason = "given out once")]
    pub fn take(&'static self) -> Option<&'static mut [MaybeUninit<u8>]> {
        if self.taken.swap(true, Ordering::Relaxed) {
            return None;
        }
        // SAFETY: only the first call comes here, so this is the only reference; the memory is static.
        Some(unsafe { &mut *self.memory.get() })
    }
}

impl<const BYTES: usize> Default for Buffer<BYTES> {
    fn default() -> Self {
        Self::new()
    }
}

/// The pages of a buffer: the bit map of those in use stands in the first of them.
struct Region {
    /// The first page, aligned.
    start: NonNull<u8>,
    map: PageMap<&'static mut [u32]>,
}

// SAFETY: the region is reached through its lock only, and belongs to whoever holds it.
unsafe impl Send for Region {}

/// Pages of one buffer, first fit. Cost of an allocation: a scan of the bit map, a bit per page.
pub struct FixedPages(Mutex<Option<Region>>);

impl FixedPages {
    /// Without memory: nothing can be allocated until it is [given](Self::give) some.
    #[must_use]
    pub const fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// Gives it its memory. Less than two pages are no use; a second buffer is refused.
    ///
    /// Returns the bytes that can be allocated: whole pages, less those of the bit map.
    pub fn give(&self, memory: &'static mut [MaybeUninit<u8>]) -> usize {
        let mut region = self.0.lock();
        if region.is_some() {
            return 0;
        }
        let Some(new) = Region::over(memory) else {
            return 0;
        };
        let bytes = new.free_bytes();
        *region = Some(new);
        bytes
    }

    /// As [`HeapHost::alloc_pages`](crate::host::HeapHost::alloc_pages).
    #[must_use]
    pub fn alloc(&self, bytes: usize, align: usize) -> Option<NonNull<u8>> {
        let mut region = self.0.lock();
        let region = region.as_mut()?;
        // Alignment is of addresses, the map is of pages from `start` on.
        let first = region.start.addr().get() / PAGE_SIZE;
        let align = (align / PAGE_SIZE).max(1);
        let page = region.map.take(bytes.div_ceil(PAGE_SIZE), align, first)?;
        let offset = page.checked_mul(PAGE_SIZE)?;
        // SAFETY: the map has as many pages as the region.
        Some(unsafe { region.start.add(offset) })
    }

    /// As [`HeapHost::free_pages`](crate::host::HeapHost::free_pages).
    ///
    /// # Safety
    /// [`alloc`](Self::alloc) of the same `bytes` returned `start`, and nothing refers to the memory.
    pub unsafe fn free(&self, start: NonNull<u8>, bytes: usize) {
        let mut region = self.0.lock();
        if let Some(region) = region.as_mut() {
            let offset = start.addr().get().wrapping_sub(region.start.addr().get());
            region
                .map
                .put(offset / PAGE_SIZE, bytes.div_ceil(PAGE_SIZE));
        }
    }

    /// Bytes of pages that are not in use, in however small pieces.
    #[must_use]
    pub fn free_bytes(&self) -> usize {
        let region = self.0.lock();
        region.as_ref().map_or(0, Region::free_bytes)
    }
}

impl Default for FixedPages {
    fn default() -> Self {
        Self::new()
    }
}

impl core::fmt::Debug for FixedPages {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("FixedPages")
            .field("free_bytes", &self.free_bytes())
            .finish()
    }
}

impl Region {
    /// Of pages that are not in use: no more than the region has.
    fn free_bytes(&self) -> usize {
        self.map.free_pages().saturating_mul(PAGE_SIZE)
    }

    fn over(memory: &'static mut [MaybeUninit<u8>]) -> Option<Self> {
        let len = memory.len();
        let at = NonNull::from_mut(memory).cast::<u8>();
        let lead = at.addr().get().wrapping_neg() & (PAGE_SIZE - 1);
        let pages = len.checked_sub(lead)? / PAGE_SIZE;
        let map_words = page_map::words(pages);
        let map_bytes = map_words.checked_mul(size_of::<u32>())?;
        let map_pages = map_bytes.div_ceil(PAGE_SIZE);
        if pages <= map_pages {
            return None;
        }
        // SAFETY: `lead` is within the buffer.
        let start = unsafe { at.add(lead) };
        let words = start.cast::<u32>();
        // SAFETY: the first `map_pages` pages hold as many words, aligned; they are the buffer's.
        unsafe { words.write_bytes(0, map_words) };
        // SAFETY: as above, just written, and never given out: marked as used below.
        let words = unsafe { core::slice::from_raw_parts_mut(words.as_ptr(), map_words) };
        let mut map = PageMap::new(words, pages);
        map.take(map_pages, 1, 0)?;
        Some(Self { start, map })
    }
}
