//! Size classes and slot positions: pure arithmetic, no pointers, no atomics.
//!
//! A slab has [`SLAB_SIZE`] bytes and is aligned to its size. Slot `i` of a class of `1 << shift` bytes lies at offset
//! `i << shift`. The slab's head (header and owner words) takes up the first slots, so that the index of an address
//! needs no subtraction.

/// The sizes that differ with the feature `small`, which is for targets with some ten KiB of memory, one CPU and no
/// MMU.
struct Sizes {
    slab_shift: u32,
    page_shift: u32,
    max_shift: u32,
    cache_depth: usize,
    cache_bytes: usize,
    run_slots: usize,
    run_max: usize,
    run_budget: usize,
}

const SIZES: Sizes = if cfg!(feature = "small") {
    Sizes {
        slab_shift: 12,
        page_shift: 8,
        max_shift: 10,
        cache_depth: 8,
        cache_bytes: 1 << 11,
        run_slots: 1,
        run_max: 0,
        run_budget: 0,
    }
} else {
    Sizes {
        slab_shift: 16,
        page_shift: 12,
        max_shift: 14,
        cache_depth: 32,
        cache_bytes: 2 << 16,
        run_slots: 8,
        run_max: 1 << 20,
        run_budget: 2 << 20,
    }
};

/// Bytes of a slab, and its alignment: 64 KiB (`small`: 4 KiB).
pub const SLAB_SIZE: usize = 1 << SLAB_SHIFT;
/// Binary logarithm of [`SLAB_SIZE`].
pub const SLAB_SHIFT: u32 = SIZES.slab_shift;
/// Bytes of a page: the unit in which the host gives memory, and the least alignment of large objects. 4 KiB (`small`:
/// 256 bytes).
pub const PAGE_SIZE: usize = 1 << SIZES.page_shift;
/// Bytes reserved for the header at the head of a slab, before its owner words.
pub const HEADER_SIZE: usize = 64;
/// Binary logarithm of the smallest slot, 16 bytes.
pub const MIN_SHIFT: u32 = 4;
/// Binary logarithm of the largest slot of a slab, 16 KiB (`small`: 1 KiB). An object of more bytes, or of a larger
/// alignment, is a large object with pages of its own.
pub const MAX_SHIFT: u32 = SIZES.max_shift;
/// The most slots of one class that a CPU caches; a power of two.
pub const CACHE_DEPTH: usize = SIZES.cache_depth;
/// A freed large object is cached per CPU if its pages have at most this many bytes: 1 MiB (`small`: none is cached).
pub const RUN_MAX: usize = SIZES.run_max;
/// The most large objects that a CPU caches.
pub const RUN_SLOTS: usize = SIZES.run_slots;
/// The most pages that the large objects in a CPU's cache have in all.
pub const RUN_BUDGET_PAGES: u32 = (SIZES.run_budget / PAGE_SIZE) as u32;
/// The size of the largest object in bytes: 1 TiB (1 GiB on 32-bit targets). No sum of such a size and an alignment up
/// to [`MAX_ALIGN`] wraps.
pub const MAX_OBJECT: usize = 1 << if usize::BITS > 32 { 40 } else { 30 };
/// The largest alignment, 1 GiB: more than the compiler accepts for a type.
pub const MAX_ALIGN: usize = 1 << 30;
/// Number of slab classes.
pub const CLASSES: usize = (MAX_SHIFT - MIN_SHIFT + 1) as usize;

/// The kind of place in which an object of some size and alignment lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A slot of `1 << shift` bytes in a slab.
    Slot {
        /// Binary logarithm of the slot's size.
        shift: u32,
    },
    /// Pages of its own, with one header page before the object.
    Large,
}

/// Returns the place for an object of `size` bytes aligned to `align` (a power of two).
///
/// Zero-sized objects take the smallest slot, so that they too have an owner word.
#[inline]
#[must_use]
pub const fn place(size: usize, align: usize) -> Place {
    let wanted = if size > align { size } else { align };
    if wanted > 1 << MAX_SHIFT {
        return Place::Large;
    }
    // `wanted` is at most 1 << MAX_SHIFT, so the next power of two does not overflow.
    let shift = wanted.next_power_of_two().trailing_zeros();
    Place::Slot {
        shift: if shift < MIN_SHIFT { MIN_SHIFT } else { shift },
    }
}

/// Whether two places are equal.
#[inline]
#[must_use]
pub const fn same(a: Place, b: Place) -> bool {
    match (a, b) {
        (Place::Slot { shift: a }, Place::Slot { shift: b }) => a == b,
        (Place::Large, Place::Large) => true,
        _ => false,
    }
}

/// Returns how many bytes an object of `size` bytes aligned to `align` occupies at `place`: the bytes that count
/// against a quota. Returns `usize::MAX` for an object that is too large.
#[must_use]
pub const fn occupied(place: Place, size: usize, align: usize) -> usize {
    match place {
        Place::Slot { shift } => 1 << shift,
        Place::Large => match large_bytes(size, align) {
            Some(bytes) => bytes,
            None => usize::MAX,
        },
    }
}

/// Returns the number of slot positions of a slab, including those under the head.
#[inline]
#[must_use]
pub const fn positions(shift: u32) -> usize {
    SLAB_SIZE >> shift
}

/// Returns the index of the first slot behind the head.
#[inline]
#[must_use]
pub const fn first_slot(shift: u32) -> usize {
    let head = HEADER_SIZE.strict_add(positions(shift).strict_mul(4));
    head.div_ceil(1 << shift)
}

/// Returns how many bytes of pages a large object of `size` bytes aligned to `align` needs, without its header page.
/// The size includes the unused pages that align the object, however small the object is. Returns `None` beyond
/// [`MAX_OBJECT`] or [`MAX_ALIGN`]. Every path to a large object passes this check first.
#[must_use]
pub const fn large_bytes(size: usize, align: usize) -> Option<usize> {
    if size > MAX_OBJECT || align > MAX_ALIGN {
        return None;
    }
    let lead = align.saturating_sub(PAGE_SIZE);
    match size.checked_add(PAGE_SIZE - 1) {
        Some(padded) => (padded & !(PAGE_SIZE - 1)).checked_add(lead),
        None => None,
    }
}

/// Returns how many pages a run of `bytes` (whole pages) has, or `None` if no CPU may cache it.
#[must_use]
pub const fn run_pages(bytes: usize) -> Option<u32> {
    if bytes == 0 || bytes > RUN_MAX {
        return None;
    }
    Some((bytes / PAGE_SIZE) as u32)
}

/// Returns how many slots of a class a per-CPU cache holds: as many as fit into a fixed number of bytes, but at least
/// two and at most [`CACHE_DEPTH`].
#[inline]
#[must_use]
pub const fn cache_slots(shift: u32) -> usize {
    let fit = SIZES.cache_bytes >> shift;
    if fit > CACHE_DEPTH {
        CACHE_DEPTH
    } else if fit < 2 {
        2
    } else {
        fit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_size_fits_its_slot_and_alignment() {
        for size in 0..=(1 << MAX_SHIFT) {
            for align_shift in 0..=MAX_SHIFT {
                let Place::Slot { shift } = place(size, 1 << align_shift) else {
                    panic!("{size} aligned {align_shift} must be a slot");
                };
                assert!((1usize << shift) >= size && shift >= align_shift);
            }
        }
        assert_eq!(place((1 << MAX_SHIFT) + 1, 1), Place::Large);
        assert_eq!(place(8, 1 << (MAX_SHIFT + 1)), Place::Large);
        assert_eq!(place(0, 1), Place::Slot { shift: MIN_SHIFT });
    }

    /// Invariant: OWN-4
    #[test]
    fn slots_do_not_overlap_the_head() {
        for shift in MIN_SHIFT..=MAX_SHIFT {
            let head = HEADER_SIZE + 4 * positions(shift);
            assert!(first_slot(shift) << shift >= head);
            assert!(first_slot(shift) < positions(shift));
        }
    }

    /// Invariant: HEAP-4
    #[test]
    fn large_sizes_round_up_and_do_not_wrap() {
        assert_eq!(large_bytes(1, 1), Some(PAGE_SIZE));
        assert_eq!(large_bytes(PAGE_SIZE, PAGE_SIZE), Some(PAGE_SIZE));
        assert_eq!(large_bytes(0, 1 << 16), Some((1 << 16) - PAGE_SIZE));
        for wild in [MAX_OBJECT + 1, isize::MAX as usize, usize::MAX] {
            assert_eq!(large_bytes(wild, 1), None);
            assert_eq!(occupied(Place::Large, wild, 1), usize::MAX);
        }
        assert_eq!(large_bytes(1, 2 * MAX_ALIGN), None);
        let most = large_bytes(MAX_OBJECT, MAX_ALIGN).unwrap();
        assert!(most < MAX_OBJECT + MAX_ALIGN && most.checked_add(PAGE_SIZE).is_some());
        assert_eq!(large_bytes(usize::MAX - 2 * PAGE_SIZE, 1 << 16), None);
    }

    #[test]
    fn runs_are_cached_up_to_their_bound() {
        assert_eq!(run_pages(0), None);
        assert_eq!(run_pages(RUN_MAX + PAGE_SIZE), None);
        if RUN_MAX > 0 {
            assert_eq!(run_pages(RUN_MAX), Some((RUN_MAX / PAGE_SIZE) as u32));
            assert!(RUN_BUDGET_PAGES as usize * PAGE_SIZE >= RUN_MAX);
        }
    }

    #[test]
    fn caches_hold_two_slots_at_least() {
        for shift in MIN_SHIFT..=MAX_SHIFT {
            assert!((2..=CACHE_DEPTH).contains(&cache_slots(shift)));
        }
        assert!(CACHE_DEPTH.is_power_of_two());
    }
}
