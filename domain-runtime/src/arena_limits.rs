//! The limits of an arena: which requests may reach its allocator. Pure arithmetic.
//!
//! A domain chooses sizes and alignments freely: `Vec::try_reserve_exact` takes any number. `talc` adds them to
//! addresses without a check, so a size that reaches the end of the address space comes out as an address near zero.
//! For this reason only a checked [`Request`] reaches `talc`.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

use core::alloc::Layout;

/// The unit in which an arena grows.
const GROWTH: usize = 64 << 10;

/// Memory is committed in whole pages.
const PAGE: usize = 4096;

/// Room for the allocator's own bookkeeping.
const BOOKKEEPING: usize = 4096;

/// The size, which is not zero, and the alignment of an allocation that a stripe could hold.
///
/// So an address in the stripe plus both of them lies at most a stride behind the stripe's end. That is still inside
/// the address space: [`window_length`] has checked it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Request(Layout);

impl Request {
    /// A request for `size` bytes aligned to `align`, from an arena in a stripe of `stride` bytes; `None` if no
    /// stripe of that length could ever hold it.
    pub(crate) fn new(size: usize, align: usize, stride: usize) -> Option<Self> {
        if size == 0 || size.checked_add(align)? > stride {
            return None;
        }
        Layout::from_size_align(size, align).ok().map(Self)
    }

    /// The layout to ask the allocator for.
    pub(crate) const fn layout(self) -> Layout {
        self.0
    }

    /// Returns the number of bytes by which an arena grows if it has no room for the request. It may grow by at most
    /// `left` bytes. It grows by whole units or, where those exceed `left`, by all whole pages of `left`. Returns
    /// `None` if `left` cannot hold the request.
    pub(crate) fn growth(self, left: usize) -> Option<usize> {
        let left = left & !(PAGE - 1);
        let room = self.0.size().checked_add(self.0.align())?;
        let units = room
            .checked_add(BOOKKEEPING)?
            .checked_next_multiple_of(GROWTH)?;
        (room <= left).then_some(units.min(left))
    }
}

/// Returns the length of a window of `stripes` stripes of `stride` bytes at `base`. Returns `None` unless another
/// stride of address space and the allocator's bookkeeping fit behind the window's end.
pub(crate) fn window_length(base: usize, stride: usize, stripes: usize) -> Option<usize> {
    let length = stride.checked_mul(stripes)?;
    let reach = base.checked_add(length)?.checked_add(stride)?;
    reach.checked_add(BOOKKEEPING).map(|_| length)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRIDE: usize = 1 << 30;
    /// The window lies in the upper half of the address space, as in the reference kernel. There an address plus a
    /// size below `isize::MAX` may wrap.
    const BASE: usize = 0xffff_c000_0000_0000;

    /// Invariant: HEAP-3
    #[test]
    fn requests_larger_than_a_stripe_are_refused() {
        let refused = |size, align| Request::new(size, align, STRIDE).is_none();
        assert!(refused(0, 1), "nothing");
        assert!(
            refused(STRIDE, 1) && refused(1, STRIDE),
            "no room beside it"
        );
        assert!(refused(1, 3) && refused(1, 0), "no alignment");
        for at in [BASE, BASE + 4096, BASE + STRIDE - 16] {
            for more in [0, 1, 8, 4096] {
                assert!(refused(at.wrapping_neg() + more, 1), "to the end and on");
            }
        }
        for size in [usize::MAX, isize::MAX as usize, isize::MAX as usize + 1] {
            assert!(refused(size, 1) && refused(size, 1 << 30) && refused(size, 1 << 63));
        }
        assert!(!refused(STRIDE - 8, 8) && !refused(1, STRIDE / 2));
    }

    #[test]
    fn growth_holds_the_request_in_whole_units() {
        for size in [1, 8, 60 << 10, 61 << 10, STRIDE - (1 << 16)] {
            for align in [1, 16, 4096, 1 << 16] {
                let request = Request::new(size, align, STRIDE).unwrap();
                let growth = request.growth(usize::MAX).unwrap();
                assert!(growth.is_multiple_of(GROWTH));
                assert!(growth >= size + align + BOOKKEEPING && growth < size + align + 3 * GROWTH);
            }
        }
        let most = Request::new(isize::MAX as usize, 1, usize::MAX).unwrap();
        assert!(most.growth(usize::MAX).is_some(), "no sum wraps");
    }

    /// Invariant: HEAP-7
    #[test]
    fn the_last_growth_is_in_whole_pages() {
        for left in [0, 1, 100, 4095, 4096, 5000, 60 << 10, GROWTH, GROWTH + 4097] {
            for size in [1, 100, 4000, 50 << 10, GROWTH] {
                let growth = Request::new(size, 8, STRIDE).unwrap().growth(left);
                let pages = left / PAGE * PAGE;
                assert_eq!(growth.is_some(), size + 8 <= pages, "{size} of {left}");
                let holds =
                    |more: usize| more.is_multiple_of(PAGE) && more <= left && more >= size + 8;
                assert!(growth.is_none_or(holds), "{size} of {left}: {growth:?}");
            }
        }
    }

    /// Invariant: HEAP-3
    #[test]
    fn a_window_has_a_stride_of_address_space_behind_it() {
        assert_eq!(window_length(BASE, STRIDE, 256), Some(256 * STRIDE));
        let last = usize::MAX - 2 * STRIDE - BOOKKEEPING;
        assert_eq!(window_length(last, STRIDE, 1), Some(STRIDE));
        assert_eq!(window_length(last + 1, STRIDE, 1), None);
        assert_eq!(window_length(1, STRIDE, usize::MAX), None);
        assert_eq!(window_length(usize::MAX, STRIDE, 1), None);
        assert_eq!(window_length(BASE, usize::MAX, 1), None);
    }
}
