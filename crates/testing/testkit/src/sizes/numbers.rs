//! Numbers that make sums overflow.

use crate::rng::Rng;

/// Returns a random size or count. `at` is the address of the block that is to get this size, if there is a block.
/// `now` is the present size.
pub(super) fn size(rng: &mut Rng, at: Option<usize>, now: usize) -> usize {
    let near = |number: usize, rng: &mut Rng| number.wrapping_add(rng.below(3)).wrapping_sub(1);
    match rng.below(10) {
        0 => rng.below(3),
        // Powers of two, and the numbers one below and one above them.
        1 => near(1 << rng.below(usize::BITS as usize), rng),
        2 => near(1 << rng.below(16), rng),
        3 => near(isize::MAX as usize, rng),
        4 => usize::MAX.wrapping_sub(rng.below(3)),
        // A size that reaches to the end of the address space, or up to a mebibyte beyond it.
        5 | 6 => {
            let beyond = [0, 1, 8, 16, 4096, 4097, 1 << 16, 1 << 20][rng.below(8)];
            let end = at.unwrap_or(rng.below(1 << 30)).wrapping_neg();
            near(end.wrapping_add(beyond), rng)
        }
        7 => near(now, rng),
        8 => near(now.wrapping_mul(2), rng),
        _ => rng.below(3000),
    }
}

/// Returns a random alignment of at most 1 GiB. Small alignments come more often.
pub(super) fn align(rng: &mut Rng) -> usize {
    let most = [5, 13, 31][rng.below(3)];
    1 << rng.below(most)
}
