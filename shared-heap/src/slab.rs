//! A slab in memory: header, owner words, slots. Thin pointer wrappers around `class` and `free_list`.

use crate::class::{self, HEADER_SIZE, PAGE_SIZE, SLAB_SIZE};
use crate::free_list::{self, Words};
use crate::host;
use crate::primitive::atomic::{AtomicU32, Ordering};
use core::cell::Cell;
use core::ptr::{self, NonNull};
use core::slice;

/// The kind of content that the slots of a slab hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Plain objects, which are released as bytes.
    Plain,
    /// Capabilities. Each slot begins with its class.
    Caps,
    /// One large plain object.
    Large,
}

/// The header of a slab, or of a large object. The registry's lock guards all cells.
#[repr(C)]
pub(crate) struct Slab {
    /// Links of the list that holds this slab: a list of its class, or of retired slabs.
    pub(crate) prev: Cell<*const Self>,
    pub(crate) next: Cell<*const Self>,
    /// Links of the registry's list of all slabs by age.
    pub(crate) newer: Cell<*const Self>,
    pub(crate) older: Cell<*const Self>,
    region: NonNull<u8>,
    region_bytes: usize,
    /// The head of the free list; `free_list::END` if no slot is free.
    pub(crate) head: Cell<u32>,
    /// The number of slots off the free list: live, or in a cache.
    pub(crate) used: Cell<u32>,
    /// The number of walks that are at this slab, which is kept for them.
    pub(crate) walks: Cell<u32>,
    region_align_shift: u8,
    shift: u8,
    kind: Kind,
}

const _: () = assert!(size_of::<Slab>() <= HEADER_SIZE);

/// Returns the owner word of the slot at `object` in a slab of `1 << shift`-byte slots.
///
/// # Safety
/// `object` lies in such a slab, with provenance over all of it.
#[inline]
pub(crate) unsafe fn slot_word<'a>(object: NonNull<u8>, shift: u32) -> &'a AtomicU32 {
    let offset = object.addr().get() & (SLAB_SIZE - 1);
    // Cannot wrap: the sum is below the slab's size.
    let word = HEADER_SIZE.wrapping_add((offset >> shift) << 2);
    // SAFETY: slabs are aligned to their size, so the head lies `offset` bytes before, in the same allocation.
    let head = unsafe { object.as_ptr().sub(offset) };
    // SAFETY: the words lie in the slab's head, in the same allocation.
    let at = unsafe { head.add(word) };
    // SAFETY: words are accessed only as atomics; the slab lives as long as one of its slots is used.
    unsafe { &*at.cast::<AtomicU32>() }
}

/// Returns the owner word of the large object at `object`.
///
/// # Safety
/// `object` is a large object, with provenance over its header page.
#[inline]
pub(crate) unsafe fn large_word<'a>(object: NonNull<u8>) -> &'a AtomicU32 {
    // SAFETY: the header page lies right before a large object, in the same allocation.
    let at = unsafe { object.as_ptr().sub(PAGE_SIZE - HEADER_SIZE) };
    // SAFETY: as above; the word is accessed only as an atomic.
    unsafe { &*at.cast::<AtomicU32>() }
}

impl Slab {
    /// Makes a slab of `1 << shift`-byte slots, all of them on its free list. Returns `None` when the host has no
    /// pages.
    pub(crate) fn create(kind: Kind, shift: u32) -> Option<NonNull<Self>> {
        let region = host::alloc_pages(SLAB_SIZE, SLAB_SIZE)?;
        let slab = Self {
            prev: Cell::new(ptr::null()),
            next: Cell::new(ptr::null()),
            newer: Cell::new(ptr::null()),
            older: Cell::new(ptr::null()),
            region,
            region_bytes: SLAB_SIZE,
            head: Cell::new(free_list::END),
            used: Cell::new(0),
            walks: Cell::new(0),
            region_align_shift: SLAB_SIZE.trailing_zeros() as u8,
            shift: shift as u8,
            kind,
        };
        let at = region.cast::<Self>();
        // SAFETY: the region belongs to this function, is large enough and is aligned to its size.
        unsafe { at.write(slab) };
        // SAFETY: the header was just written.
        let slab = unsafe { at.as_ref() };
        slab.head.set(free_list::link_all(
            slab,
            class::first_slot(shift),
            class::positions(shift),
        ));
        Some(at)
    }

    /// Makes a large object of `size` bytes aligned to `align`, with its header page before it. Its word says *cached*.
    /// Returns `None` when it is too large or the host has no pages.
    pub(crate) fn create_large(size: usize, align: usize) -> Option<(NonNull<Self>, NonNull<u8>)> {
        let align = if align > PAGE_SIZE { align } else { PAGE_SIZE };
        // The object begins `align` bytes into the region, so the header page and the alignment both fit before it.
        let bytes = class::large_bytes(size, align)?.checked_add(PAGE_SIZE)?;
        let region = host::alloc_pages(bytes, align)?;
        // SAFETY: `align` is less than the region's size; the object starts at the next multiple.
        let object = unsafe { region.add(align) };
        // SAFETY: `align` is a page at least, so the header page is inside the region.
        let at = unsafe { object.sub(PAGE_SIZE) }.cast::<Self>();
        let slab = Self {
            prev: Cell::new(ptr::null()),
            next: Cell::new(ptr::null()),
            newer: Cell::new(ptr::null()),
            older: Cell::new(ptr::null()),
            region,
            region_bytes: bytes,
            head: Cell::new(free_list::END),
            used: Cell::new(1),
            walks: Cell::new(0),
            region_align_shift: align.trailing_zeros() as u8,
            shift: 0,
            kind: Kind::Large,
        };
        // SAFETY: the header page is inside the region, which belongs to this function, and is page aligned.
        unsafe { at.write(slab) };
        // SAFETY: the header page of the large object was written just now.
        unsafe { large_word(object) }.store(free_list::CACHED, Ordering::Relaxed);
        Some((at, object))
    }

    /// Returns the header of the slab that holds `slot`.
    ///
    /// # Safety
    /// `slot` lies in a slab, with provenance over all of it.
    pub(crate) unsafe fn of_slot<'a>(slot: NonNull<u8>) -> &'a Self {
        let offset = slot.addr().get() & (SLAB_SIZE - 1);
        // SAFETY: slabs are aligned to their size, and the header lies at the start.
        let at = unsafe { slot.as_ptr().sub(offset) };
        // SAFETY: as above; a slab lives while one of its slots is used.
        unsafe { &*at.cast::<Self>() }
    }

    /// Returns the header of a large object.
    ///
    /// # Safety
    /// `object` is a large object, with provenance over its header page.
    pub(crate) unsafe fn of_large<'a>(object: NonNull<u8>) -> &'a Self {
        // SAFETY: the header page lies right before a large object, in the same allocation.
        let at = unsafe { object.as_ptr().sub(PAGE_SIZE) };
        // SAFETY: as above.
        unsafe { &*at.cast::<Self>() }
    }

    /// Returns the kind of content that its slots hold.
    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// Returns the binary logarithm of its slots' size; meaningless for a large object.
    pub(crate) fn shift(&self) -> u32 {
        u32::from(self.shift)
    }

    /// Whether it is a large object that was made with no more than page alignment.
    pub(crate) fn is_page_aligned(&self) -> bool {
        self.region_align_shift == PAGE_SIZE.trailing_zeros() as u8
    }

    /// Returns how many bytes the host gave for it.
    pub(crate) fn region_bytes(&self) -> usize {
        self.region_bytes
    }

    /// Returns the number of owner words: all positions of a slab, one for a large object.
    pub(crate) fn words(&self) -> usize {
        match self.kind {
            Kind::Large => 1,
            Kind::Plain | Kind::Caps => class::positions(self.shift()),
        }
    }

    /// Returns how many bytes each object occupies; for a large object without its header page.
    pub(crate) fn object_bytes(&self) -> usize {
        match self.kind {
            Kind::Large => self.region_bytes.saturating_sub(PAGE_SIZE),
            Kind::Plain | Kind::Caps => 1 << self.shift,
        }
    }

    /// Returns the address and the size of its content: all slots, including those that the head takes up, or one large
    /// object.
    pub(crate) fn objects(&self) -> (usize, usize) {
        let header = ptr::from_ref(self).addr();
        match self.kind {
            Kind::Large => {
                let end = self.region.addr().get().strict_add(self.region_bytes);
                let start = header.strict_add(PAGE_SIZE);
                (start, end.strict_sub(start))
            }
            Kind::Plain | Kind::Caps => (header, SLAB_SIZE),
        }
    }

    /// Returns the address of the slot at `index`; for slabs only.
    pub(crate) fn slot(&self, index: usize) -> NonNull<u8> {
        // SAFETY: `index` is below `words`, so the offset is inside the region.
        unsafe { self.base().add(index << self.shift) }
    }

    /// Returns the index of `slot`, which lies in this slab.
    pub(crate) fn index_of(&self, slot: NonNull<u8>) -> usize {
        (slot.addr().get() & (SLAB_SIZE - 1)) >> self.shift
    }

    /// Returns the owner word at `index`, which is below [`words`](Self::words).
    pub(crate) fn word(&self, index: usize) -> &AtomicU32 {
        &self.table()[index]
    }

    /// Returns all its owner words, for scans.
    pub(crate) fn table(&self) -> &[AtomicU32] {
        // SAFETY: the words follow the header inside the region.
        let at = unsafe { self.base().add(HEADER_SIZE) }.cast::<AtomicU32>();
        // SAFETY: words are initialised at creation and only accessed as atomics.
        unsafe { slice::from_raw_parts(at.as_ptr(), self.words()) }
    }

    /// Counts the owner words that `mine` accepts. A reclaim does this for every slab, so the loop has no branch for
    /// each word.
    #[inline]
    pub(crate) fn count(&self, mine: impl Fn(u32) -> bool) -> usize {
        let one = |word: &AtomicU32| usize::from(mine(word.load(Ordering::Relaxed)));
        // Four sums that do not depend on each other, so that the CPU adds in parallel.
        let mut sums = [0; 4];
        let (chunks, rest) = self.table().as_chunks::<4>();
        for chunk in chunks {
            for (sum, word) in sums.iter_mut().zip(chunk) {
                // Cannot wrap: a sum is at most the number of words.
                *sum = one(word).wrapping_add(*sum);
            }
        }
        let rest = rest.iter().map(one).sum::<usize>();
        sums.iter().sum::<usize>().wrapping_add(rest)
    }

    /// Gives the pages back to the host.
    ///
    /// # Safety
    /// No slot is live or cached, the slab is in no list, and nothing refers to it.
    pub(crate) unsafe fn destroy(slab: NonNull<Self>) {
        // SAFETY: the caller's slab is alive until here.
        let header = unsafe { slab.as_ref() };
        let (region, bytes) = (header.region, header.region_bytes);
        let align = 1 << header.region_align_shift;
        // SAFETY: `alloc_pages` returned the region for the same numbers, and nothing refers to it.
        unsafe { host::free_pages(region, bytes, align) };
    }

    /// Returns the header's address, with provenance over the region.
    fn base(&self) -> NonNull<u8> {
        let header = ptr::from_ref(self)
            .addr()
            .strict_sub(self.region.addr().get());
        // SAFETY: the header lies inside the region.
        unsafe { self.region.add(header) }
    }
}

impl Words for Slab {
    fn get(&self, index: usize) -> u32 {
        self.word(index).load(Ordering::Relaxed)
    }
    fn set(&self, index: usize, word: u32) {
        self.word(index).store(word, Ordering::Relaxed);
    }
}
