//! Whether an honest device's data came where it was to go: reads, in cases in which nobody writes.

use super::Hand;
use crate::bench::{Any, bench};
use crate::coverage::{Milestone, note};
use crate::driver::About;
use crate::step::Numbers;

/// A read in flight: under which tag, into which buffer, from where.
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

/// Reads of one queue that are remembered.
const REMEMBERED: usize = 80;

/// Fills a medium, each word with a number of its own.
pub(crate) fn fill(medium: &mut [u8], salt: u32) {
    for (number, word) in (salt..).zip(medium.as_chunks_mut::<4>().0) {
        *word = number.wrapping_mul(0x9E37_79B1).to_le_bytes();
    }
}

impl Source {
    /// Whether these bytes are there.
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

/// A part of a buffer that no command was put for yet, of whole units, for a read that is to be compared; if there's one left.
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

/// A read was put, if the case is one whose data is looked at.
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

/// Something else was put under a tag.
pub(super) fn put_else(reads: &mut Vec<Read>, tag: u16) {
    reads.retain(|other| other.tag != tag);
}

/// The command under a tag is done: data is where it was to go, if it was a read that succeeded.
pub(super) fn done(hand: &Hand<'_>, reads: &mut Vec<Read>, tag: u16, succeeded: bool) {
    let Some(at) = reads.iter().position(|read| read.tag == tag) else {
        return;
    };
    let read = reads.swap_remove(at);
    // Another thread may have it at hand.
    let mut numbers = Numbers::of([0; 8]);
    let place = (hand.driver.moved).mostly(&mut numbers, |moved| moved.about.id == read.into);
    if let Some(mut place) = place
        && let Some(moved) = place.as_mut().filter(|moved| moved.about.id == read.into)
        && succeeded
    {
        moved.about.reads.push(read);
    }
}

/// A buffer has come back: what was read into it is in it.
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
            "an honest device's data is not where it was to go",
        );
    }
}
