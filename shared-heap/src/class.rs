//! Size classes and slot positions: pure arithmetic, no pointers, no atomics.
//!
//! A slab is [`SLAB_SIZE`] bytes, aligned to its size. Slot `i` of a class of `1 << shift` bytes
//! stands at offset `i << shift`; the first slots are taken up by the slab's head (header and
//! owner words), so the index of an address needs no subtraction.

/// Bytes of a slab, and its alignment.
pub const SLAB_SIZE: usize = 1 << SLAB_SHIFT;
/// Binary logarithm of [`SLAB_SIZE`].
pub const SLAB_SHIFT: u32 = 16;
/// Bytes of a page: the unit in which the host gives memory, and the alignment of large objects.
pub const PAGE_SIZE: usize = 4096;
/// Bytes reserved for the header at the head of a slab, before its owner words.
pub const HEADER_SIZE: usize = 64;
/// Binary logarithm of the smallest slot, 16 bytes.
pub const MIN_SHIFT: u32 = 4;
/// Binary logarithm of the largest slot that stands in a slab, 16 KiB; beyond, an object is large.
pub const MAX_SHIFT: u32 = 14;
/// Number of slab classes.
pub const CLASSES: usize = (MAX_SHIFT - MIN_SHIFT + 1) as usize;

/// Where an object of some size and alignment lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a slot of `1 << shift` bytes of a slab.
    Slot {
        /// Binary logarithm of the slot's size.
        shift: u32,
    },
    /// In pages of its own, one header page before it.
    Large,
}

/// The place for an object of `size` bytes aligned to `align` (a power of two).
///
/// Zero-sized objects take the smallest slot, so that they too have an owner.
#[inline]
#[must_use]
pub const fn place(size: usize, align: usize) -> Place {
    let wanted = if size > align { size } else { align };
    if wanted > 1 << MAX_SHIFT {
        return Place::Large;
    }
    // `wanted` is at most 1 << 14, so the next power of two exists.
    let shift = wanted.next_power_of_two().trailing_zeros();
    Place::Slot {
        shift: if shift < MIN_SHIFT { MIN_SHIFT } else { shift },
    }
}

/// Slot positions of a slab, those under the head included.
#[inline]
#[must_use]
pub const fn positions(shift: u32) -> usize {
    SLAB_SIZE >> shift
}

/// The first slot that is free of the head.
#[inline]
#[must_use]
pub const fn first_slot(shift: u32) -> usize {
    let head = HEADER_SIZE + 4 * positions(shift);
    (head + (1 << shift) - 1) >> shift
}

/// Bytes of pages that a large object of `size` bytes aligned to `align` needs, header page apart:
/// what stands before it to align it counts, whatever its size. `None` on overflow.
#[must_use]
pub const fn large_bytes(size: usize, align: usize) -> Option<usize> {
    let lead = align.saturating_sub(PAGE_SIZE);
    match size.checked_add(PAGE_SIZE - 1) {
        Some(padded) => (padded & !(PAGE_SIZE - 1)).checked_add(lead),
        None => None,
    }
}

/// How many slots of a class a per-CPU cache holds: a bounded number of bytes, two at least.
#[inline]
#[must_use]
pub const fn cache_slots(shift: u32) -> usize {
    let fit = (SLAB_SIZE * 2) >> shift;
    if fit > 32 {
        32
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

    #[test]
    fn slots_never_overlap_the_head_and_every_class_has_one() {
        for shift in MIN_SHIFT..=MAX_SHIFT {
            let head = HEADER_SIZE + 4 * positions(shift);
            assert!(first_slot(shift) << shift >= head);
            assert!(first_slot(shift) < positions(shift));
        }
    }

    #[test]
    fn large_sizes_round_up_and_do_not_wrap() {
        assert_eq!(large_bytes(1, 1), Some(PAGE_SIZE));
        assert_eq!(large_bytes(PAGE_SIZE, PAGE_SIZE), Some(PAGE_SIZE));
        assert_eq!(large_bytes(0, 1 << 16), Some((1 << 16) - PAGE_SIZE));
        assert_eq!(large_bytes(usize::MAX, 1), None);
        assert_eq!(large_bytes(usize::MAX - 2 * PAGE_SIZE, 1 << 16), None);
    }
}
