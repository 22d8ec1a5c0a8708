//! Numbers that sums go wrong with.

use crate::rng::Rng;

/// A size or a count. `at` is the address of what is to be made so large, if there is such.
pub(super) fn size(rng: &mut Rng, at: Option<usize>, now: usize) -> usize {
    let near = |number: usize, rng: &mut Rng| number.wrapping_add(rng.below(3)).wrapping_sub(1);
    match rng.below(10) {
        0 => rng.below(3),
        // Powers of two, one less and one more.
        1 => near(1 << rng.below(usize::BITS as usize), rng),
        2 => near(1 << rng.below(16), rng),
        3 => near(isize::MAX as usize, rng),
        4 => usize::MAX.wrapping_sub(rng.below(3)),
        // To the end of the address space, and on by up to some pages.
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

/// An alignment, up to 1 GiB; small ones more often.
pub(super) fn align(rng: &mut Rng) -> usize {
    let most = [5, 13, 31][rng.below(3)];
    1 << rng.below(most)
}
