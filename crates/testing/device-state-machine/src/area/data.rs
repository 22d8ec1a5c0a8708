//! Checks that the data that an honest device reads arrives in the buffer of the read. This works only in cases
//! (`Plan::is_read`) whose steps never write to a disk.

use super::Hand;
use crate::bench::{Any, bench};
use crate::coverage::{Milestone, note};
use crate::driver::About;
use crate::step::Numbers;

/// A read in flight: its tag, its buffer, and its source.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Read {
    pub(crate) tag: u16,
    pub(crate) into: u64,
    pub(crate) offset: usize,
    pub(crate) length: usize,
    pub(crate) from: Source,
}

/// A place on a medium: the device, the namespace, the byte.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source {
    pub(crate) device: usize,
    pub(crate) namespace: u32,
    pub(crate) at: usize,
}

/// The number of reads that are remembered for one queue, at most.
const REMEMBERED: usize = 80;

/// Fills a medium with words that are all different.
pub(crate) fn fill(medium: &mut [u8], salt: u32) {
    for (number, word) in (salt..).zip(medium.as_chunks_mut::<4>().0) {
        *word = number.wrapping_mul(0x9E37_79B1).to_le_bytes();
    }
}

impl Source {
    /// Whether the medium has these bytes at this place. Also true if this cannot be compared, for example beyond the
    /// medium's end.
    fn has(&self, bytes: &[u8]) -> bool {
        let is = |medium: &mut Vec<u8>| {
            let there = medium.get(self.at..self.at + bytes.len());
            there.is_none_or(|there| there == bytes)
        };
        match bench().all()[self.device] {
            Any::Nvme(model) => model.medium_of(self.namespace, is).unwrap_or(true),
            Any::Ixgbe(_) => true,
            Any::Virtio(model) => model.medium(is),
        }
    }
}

/// Chooses a part of a buffer for a read whose data will be compared. The part is a whole number of units long, and
/// it lies after all parts for which commands were put. Returns `None` if no room is left for such a part.
pub(super) fn fresh(
    moved: &About,
    numbers: &mut Numbers,
    length: usize,
    shift: u8,
) -> Option<(usize, usize)> {
    let ends = moved.ranges.iter().map(|(offset, length)| offset + length);
    let start = ends.max().unwrap_or(0).next_multiple_of(4);
    let left = length.checked_sub(start)? >> shift;
    (left > 0).then(|| (start, (1 + numbers.below(left.min(40))) << shift))
}

/// Records the part of the buffer that a command uses. Also remembers the command as a read, in a case that compares
/// the data of reads.
pub(super) fn put(hand: &Hand<'_>, reads: &mut Vec<Read>, moved: &mut About, read: Read) {
    let overlaps = |&(offset, length): &(usize, usize)| {
        offset < read.offset + read.length && read.offset < offset + length
    };
    moved.is_mixed |= moved.ranges.iter().any(overlaps);
    moved.ranges.push((read.offset, read.length));
    if hand.plan.is_read {
        reads.retain(|other| other.tag != read.tag);
        if reads.len() == REMEMBERED {
            reads.remove(0);
        }
        reads.push(read);
    }
}

/// Forgets the read under a tag, because another command was put under it.
pub(super) fn put_else(reads: &mut Vec<Read>, tag: u16) {
    reads.retain(|other| other.tag != tag);
}

/// Records that the command under a tag has ended. If the command was a remembered read and succeeded, the read is
/// noted with its buffer, which must contain the data now.
pub(super) fn done(hand: &Hand<'_>, reads: &mut Vec<Read>, tag: u16, succeeded: bool) {
    let Some(at) = reads.iter().position(|read| read.tag == tag) else {
        return;
    };
    let read = reads.swap_remove(at);
    // If another thread uses the buffer now, the read is not compared.
    let mut numbers = Numbers::of([0; 8]);
    let place = (hand.driver.moved).mostly(&mut numbers, |moved| moved.about.id == read.into);
    if let Some(mut place) = place
        && let Some(moved) = place.as_mut().filter(|moved| moved.about.id == read.into)
        && succeeded
    {
        moved.about.reads.push(read);
    }
}

/// Checks that a buffer that has come back contains the data of the reads into it.
pub(super) fn look(hand: &Hand<'_>, moved: &About, buffer: &[u8]) {
    if moved.is_mixed {
        return;
    }
    for read in &moved.reads {
        let bytes = buffer.get(read.offset..read.offset + read.length);
        let is_there = bytes.is_some_and(|bytes| read.from.has(bytes));
        note(Milestone::ReadsCompared);
        hand.law(
            is_there,
            "an honest device's data is not in the buffer of its read",
        );
    }
}
