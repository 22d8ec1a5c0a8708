//! The model: which ranges live, and what they hold.

use super::PLACES;

/// How much of either end of a range is written and looked at: some are too large to be touched whole.
const EDGE: usize = 600;

/// A live range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) start: usize,
    pub(super) bytes: usize,
}

impl Range {
    fn overlaps(self, other: Self) -> bool {
        // Live ranges end within the address space.
        self.start < other.start.saturating_add(other.bytes)
            && other.start < self.start.saturating_add(self.bytes)
    }
}

/// Whether `new` can live beside `others`, aligned to `align`.
pub(super) fn fits(
    new: Range,
    align: usize,
    mut others: impl Iterator<Item = Range>,
) -> Result<(), &'static str> {
    if new.start == 0 || new.start.checked_add(new.bytes).is_none() {
        return Err("an object that ends beyond the address space");
    }
    if !new.start.is_multiple_of(align) {
        return Err("an object that is not aligned");
    }
    if others.any(|other| new.bytes > 0 && other.bytes > 0 && new.overlaps(other)) {
        return Err("two live objects overlap");
    }
    Ok(())
}

/// The byte at `index` of what bears `tag`.
fn byte(tag: u64, index: usize) -> u8 {
    (tag as usize).wrapping_mul(31).wrapping_add(index) as u8
}

/// The indices of `bytes` bytes that are looked at.
fn edges(bytes: usize) -> impl Iterator<Item = usize> {
    let low = bytes.min(EDGE);
    (0..low).chain(bytes.saturating_sub(EDGE).max(low)..bytes)
}

/// Writes what is held from `tag`.
pub(super) fn fill(memory: &mut [u8], tag: u64) {
    for index in edges(memory.len()) {
        memory[index] = byte(tag, index);
    }
}

/// Whether as much of `memory` as was written when it had `written` bytes is still as `tag` has it.
pub(super) fn holds(memory: &[u8], written: usize, tag: u64) -> bool {
    edges(written)
        .filter(|index| *index < memory.len())
        .all(|index| memory[index] == byte(tag, index))
}

/// Whether what is looked at is zero.
pub(super) fn is_zeroed(memory: &[u8]) -> bool {
    edges(memory.len()).all(|index| memory[index] == 0)
}

/// A place for each thing that lives.
pub(super) type Places<T> = [Option<T>; PLACES];
