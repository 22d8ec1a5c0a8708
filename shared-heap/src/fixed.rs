//! Pages from one fixed buffer, for a heap host that has no allocator and no MMU.
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
//! // SAFETY: all pages come from `FixedPages`; there is one thread.
//! unsafe impl HeapHost for Board {
//!     fn thread_slot() -> NonNull<ThreadSlot> {
//!         todo!("the slot of the only thread")
//!     }
//!     fn alloc_pages(bytes: usize, align: usize) -> Option<NonNull<u8>> {
//!         PAGES.alloc(bytes, align)
//!     }
//!     unsafe fn free_pages(start: NonNull<u8>, bytes: usize, _: usize) {
//!         // SAFETY: upheld by the caller.
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

/// `BYTES` of static memory that can be taken once. Aligned to a slab, so that alignment wastes no slab.
#[derive(Debug)]
#[cfg_attr(feature = "small", repr(C, align(4096)))]
#[cfg_attr(not(feature = "small"), repr(C, align(65536)))]
pub struct Buffer<const BYTES: usize> {
    memory: UnsafeCell<[MaybeUninit<u8>; BYTES]>,
    taken: AtomicBool,
}

// SAFETY: the memory is given out once, to the caller that sets `taken` first.
unsafe impl<const BYTES: usize> Sync for Buffer<BYTES> {}

impl<const BYTES: usize> Buffer<BYTES> {
    /// A buffer that is not taken yet. It occupies no space in the image, only in memory.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            memory: UnsafeCell::new([MaybeUninit::uninit(); BYTES]),
            taken: AtomicBool::new(false),
        }
    }

    /// Returns the memory on the first call, and `None` on every later one.
    #[expect(clippy::mut_from_ref, reason = "given out once")]
    pub fn take(&'static self) -> Option<&'static mut [MaybeUninit<u8>]> {
        if self.taken.swap(true, Ordering::Relaxed) {
            return None;
        }
        // SAFETY: only the first call reaches this line, so this is the only reference. The memory is static.
        Some(unsafe { &mut *self.memory.get() })
    }
}

impl<const BYTES: usize> Default for Buffer<BYTES> {
    fn default() -> Self {
        Self::new()
    }
}

/// The pages of a buffer. The first pages hold the bit map of the pages in use.
struct Region {
    /// The address of the first page, aligned to a page.
    start: NonNull<u8>,
    map: PageMap<&'static mut [u32]>,
}

// SAFETY: the region owns the memory that `start` points to, and is reached only under its lock.
unsafe impl Send for Region {}

/// A first-fit allocator of the pages of one buffer. Cost of an allocation: a scan of the bit map, one bit per page.
pub struct FixedPages(Mutex<Option<Region>>);

impl FixedPages {
    /// An allocator without memory. Allocations fail until it is [given](Self::give) some.
    #[must_use]
    pub const fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// Gives the allocator its memory. A buffer that has no page left beside its bit map is refused, and so is a second
    /// buffer.
    ///
    /// Returns how many bytes can be allocated: all whole pages except those of the bit map. 0 if the buffer is
    /// refused.
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
        // The alignment is that of addresses, while the map counts pages from `start`.
        let first = region.start.addr().get() / PAGE_SIZE;
        let align = (align / PAGE_SIZE).max(1);
        let page = region.map.take(bytes.div_ceil(PAGE_SIZE), align, first)?;
        let offset = page.checked_mul(PAGE_SIZE)?;
        // SAFETY: the map has as many pages as the region, so the page lies in it.
        Some(unsafe { region.start.add(offset) })
    }

    /// As [`HeapHost::free_pages`](crate::host::HeapHost::free_pages).
    ///
    /// # Safety
    /// [`alloc`](Self::alloc) returned `start` for the same `bytes`, and nothing refers to the memory any more.
    pub unsafe fn free(&self, start: NonNull<u8>, bytes: usize) {
        let mut region = self.0.lock();
        if let Some(region) = region.as_mut() {
            let offset = start.addr().get().wrapping_sub(region.start.addr().get());
            region
                .map
                .put(offset / PAGE_SIZE, bytes.div_ceil(PAGE_SIZE));
        }
    }

    /// Returns how many bytes of pages are free, however fragmented.
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
    /// Returns how many bytes of the region's pages are free.
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
        // SAFETY: the first `map_pages` pages hold `map_words` aligned words, and belong to the buffer.
        unsafe { words.write_bytes(0, map_words) };
        // SAFETY: as above. They were just written, and are never given out: they are marked as used below.
        let words = unsafe { core::slice::from_raw_parts_mut(words.as_ptr(), map_words) };
        let mut map = PageMap::new(words, pages);
        map.take(map_pages, 1, 0)?;
        Some(Self { start, map })
    }
}
