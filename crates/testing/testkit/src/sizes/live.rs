//! The model: the live ranges and their contents.

use super::PLACES;

/// The number of bytes that the engine writes and checks at each end of a range. Some ranges are too large to be
/// touched whole.
const EDGE: usize = 600;

/// A live range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) start: usize,
    pub(super) bytes: usize,
}

impl Range {
    fn overlaps(self, other: Self) -> bool {
        // The sums do not saturate, because live ranges end within the address space.
        self.start < other.start.saturating_add(other.bytes)
            && other.start < self.start.saturating_add(self.bytes)
    }
}

/// Checks that `new` is aligned to `align` and disjoint from `others`.
pub(super) fn fits(
    new: Range,
    align: usize,
    mut others: impl Iterator<Item = Range>,
) -> Result<(), &'static str> {
    if new.start == 0 || new.start.checked_add(new.bytes).is_none() {
        return Err("an object is at address 0 or ends beyond the address space");
    }
    if !new.start.is_multiple_of(align) {
        return Err("an object is not aligned");
    }
    if others.any(|other| new.bytes > 0 && other.bytes > 0 && new.overlaps(other)) {
        return Err("two live objects overlap");
    }
    Ok(())
}

/// Returns the byte at `index` of contents with this tag.
fn byte(tag: u64, index: usize) -> u8 {
    (tag as usize).wrapping_mul(31).wrapping_add(index) as u8
}

/// Returns the indices, in a range of `bytes` bytes, that are written and checked.
fn edges(bytes: usize) -> impl Iterator<Item = usize> {
    let low = bytes.min(EDGE);
    (0..low).chain(bytes.saturating_sub(EDGE).max(low)..bytes)
}

/// Fills `memory` with the contents for `tag`.
pub(super) fn fill(memory: &mut [u8], tag: u64) {
    for index in edges(memory.len()) {
        memory[index] = byte(tag, index);
    }
}

/// Whether `memory` still has the contents for `tag` that were written when it had `written` bytes. If it has become
/// shorter, only the rest is checked.
pub(super) fn holds(memory: &[u8], written: usize, tag: u64) -> bool {
    edges(written)
        .filter(|index| *index < memory.len())
        .all(|index| memory[index] == byte(tag, index))
}

/// Whether the checked bytes of `memory` are zero.
pub(super) fn is_zeroed(memory: &[u8]) -> bool {
    edges(memory.len()).all(|index| memory[index] == 0)
}

/// A place for each live block or object.
pub(super) type Places<T> = [Option<T>; PLACES];
