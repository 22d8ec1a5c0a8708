//! A split virtqueue (Virtio 1.2 §2.7): descriptors, available ring and used ring, and the bytes that go before and after the
//! data of each chain.
//!
//! A chain has a slot, and a slot its descriptors, always the same: at most three, one after the other.

use core::sync::atomic::{Ordering, fence};

use super::core::{Core, QueueError, QueueFault};
use crate::dma::Pins;
use crate::pci::PciFunction;
use crate::table::step::Known;
use crate::table::{Direction, Piece, Queue, SplitFormat, Table};

/// Chains that one queue has at most.
pub(super) const MAX_CHAINS: usize = 256;
/// Descriptor flags (§2.7.5).
const NEXT: u16 = 1;
const WRITE: u16 = 2;
/// Available ring flags (§2.7.6).
const NO_INTERRUPT: u16 = 1;
/// Bytes of a descriptor, and of a used element.
const DESCRIPTOR: usize = 16;
const USED: usize = 8;
/// Bytes of a piece, and of what is kept for each chain: two pieces, what the device may write, and a word of the queue's owner.
const PIECE: usize = 16;
const KEPT: usize = 2 * PIECE + 8;

/// Bytes of a chain's piece.
pub type Bytes = [u8; PIECE];

/// Data of a chain: bus address, length, direction.
pub(super) type Span = (u64, u32, Direction);

/// The queue.
pub(super) struct Split {
    pub(super) core: Core,
    format: SplitFormat,
    /// Descriptors of a chain.
    links: u16,
    chains: u16,
    /// A bit for each chain that is in flight, or put and not told of.
    used: [u64; MAX_CHAINS / 64],
    /// A bit for each chain that the device was told of and did not give back.
    known: [u64; MAX_CHAINS / 64],
    put: u16,
    told: u16,
    seen: u16,
}

impl Split {
    pub(super) const fn links(format: &SplitFormat) -> u16 {
        1 + (format.head.bytes > 0) as u16 + (format.tail.bytes > 0) as u16
    }

    /// Chains of a queue of `entries`.
    pub(super) const fn chains(format: &SplitFormat, entries: u32) -> usize {
        let chains = entries as usize / Self::links(format) as usize;
        if chains < MAX_CHAINS {
            chains
        } else {
            MAX_CHAINS
        }
    }

    pub(super) fn new<D: Table>(
        function: &PciFunction<D>,
        kind: usize,
        format: SplitFormat,
        (number, entries): (u16, u32),
        pins: Option<Pins>,
    ) -> Result<Self, QueueError> {
        if !entries.is_power_of_two() || entries > 1 << 15 {
            return Err(QueueError::BadLength);
        }
        let chains = Self::chains(&format, entries);
        if chains == 0 {
            return Err(QueueError::BadLength);
        }
        let known = Known {
            number,
            entries,
            ..Known::default()
        };
        let offsets = Self::offsets(entries as usize);
        let bytes = offsets[2] + Self::kept_at(entries as usize) + chains * KEPT;
        Ok(Self {
            core: Core::new(function, kind, known, bytes, offsets, pins)?,
            links: Self::links(&format),
            chains: chains as u16,
            format,
            used: [0; MAX_CHAINS / 64],
            known: [0; MAX_CHAINS / 64],
            put: 0,
            told: 0,
            seen: 0,
        })
    }

    /// Where descriptors, available ring and used ring are (§2.7: aligned to 16, 2 and 4).
    const fn offsets(entries: usize) -> [usize; 3] {
        let available = entries * DESCRIPTOR;
        let used = (available + 6 + 2 * entries).next_multiple_of(PIECE);
        [0, available, used]
    }

    /// Where, behind the start of the used ring, what is kept for chains begins.
    const fn kept_at(entries: usize) -> usize {
        (6 + USED * entries).next_multiple_of(PIECE)
    }

    fn at(&self) -> [usize; 3] {
        Self::offsets(self.core.known.entries as usize)
    }

    /// Where what is kept for a chain is.
    fn kept(&self, chain: u16) -> usize {
        self.at()[2] + Self::kept_at(self.core.known.entries as usize) + usize::from(chain) * KEPT
    }

    /// Starts the queue by its table's steps, empty.
    pub(super) fn start<D: Table>(
        &mut self,
        function: &PciFunction<D>,
        queue: &Queue,
        chosen: u64,
        is_empty: impl FnOnce() -> bool,
    ) -> Result<(), QueueError> {
        let Self {
            core,
            used,
            known,
            put,
            told,
            seen,
            ..
        } = self;
        core.start(function, queue, chosen, |core| {
            if !is_empty() {
                return false;
            }
            let entries = core.known.entries as usize;
            let bytes = Self::offsets(entries)[2] + Self::kept_at(entries);
            // SAFETY: the queue's three parts; it doesn't run (`Core::begin`).
            unsafe { core.memory.clear(0, bytes) };
            *used = [0; MAX_CHAINS / 64];
            *known = [0; MAX_CHAINS / 64];
            (*put, *told, *seen) = (0, 0, 0);
            true
        })
    }

    /// Chains in flight, or put.
    pub(super) fn in_flight(&self) -> u16 {
        // Counted, as chains are also taken out of a queue that doesn't run.
        self.used.iter().map(|word| word.count_ones() as u16).sum()
    }

    pub(super) fn room(&self) -> usize {
        usize::from(self.chains - self.in_flight())
    }

    /// The lowest free chain.
    pub(super) fn free(&self) -> Option<u16> {
        let words = self.used.iter().enumerate();
        let chain = words
            .filter(|(_, word)| **word != u64::MAX)
            .map(|(at, word)| (at * 64) as u16 + word.trailing_ones() as u16)
            .next()?;
        (chain < self.chains).then_some(chain)
    }

    fn is_in(&self, set: &[u64; MAX_CHAINS / 64], chain: u16) -> bool {
        chain < self.chains && set[usize::from(chain) / 64] >> (chain % 64) & 1 != 0
    }

    /// Puts chain `chain`, which is free: `head` goes before `data`, and room for the tail after it, of all ones: what a device
    /// leaves out is not to look like success. `word` is kept for it.
    pub(super) fn put(&mut self, chain: u16, head: &Bytes, data: Option<Span>, word: u32) {
        let kept = self.kept(chain);
        for (index, half) in head.chunks_exact(8).enumerate() {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(half);
            // SAFETY: the chain's head, of 16 bytes; it is free.
            unsafe { self.core.memory.store(kept + 8 * index, bytes) };
            // SAFETY: the chain's tail, behind it.
            unsafe {
                self.core
                    .memory
                    .store(kept + PIECE + 8 * index, [0xFFu8; 8])
            };
        }
        let piece = |piece: &Piece, at: usize| {
            let address = self.core.memory.bus + at as u64;
            (piece.bytes > 0).then_some((address, piece.bytes as u32, piece.direction))
        };
        let spans = [
            piece(&self.format.head, kept),
            data,
            piece(&self.format.tail, kept + PIECE),
        ];
        let first = chain * self.links;
        let count = spans.iter().flatten().count() as u16;
        let mut writable = 0u32;
        for (index, &(address, length, direction)) in (0..).zip(spans.iter().flatten()) {
            let mut flags = 0;
            if index + 1 < count {
                flags |= NEXT;
            }
            if direction == Direction::ToHost {
                flags |= WRITE;
                writable = writable.saturating_add(length);
            }
            let at = usize::from(first + index) * DESCRIPTOR;
            // SAFETY: a descriptor of the chain's, which is free: the device doesn't look at it before the available ring has it.
            // It names a piece of the queue's memory, or bytes that are pinned until the device has used the chain.
            unsafe { self.core.memory.store(at, address.to_le()) };
            let rest =
                u64::from(length) | u64::from(flags) << 32 | u64::from(first + index + 1) << 48;
            // SAFETY: as above: length, flags and next (§2.7.5).
            unsafe { self.core.memory.store(at + 8, rest.to_le()) };
        }
        // SAFETY: behind the chain's pieces.
        unsafe { self.core.memory.store(kept + 2 * PIECE, [writable, word]) };
        let slot = usize::from(self.put) & (self.core.known.entries as usize - 1);
        let at = self.at()[1] + 4 + 2 * slot;
        // SAFETY: an element of the available ring, which the device doesn't look at before its index says so: fewer than
        // `entries` are in flight.
        unsafe { self.core.memory.store(at, first.to_le()) };
        self.used[usize::from(chain) / 64] |= 1 << (chain % 64);
        self.put = self.put.wrapping_add(1);
    }

    /// Tells the device of all that was put. One register write, if there's anything.
    pub(super) fn ring<D>(&mut self, function: &PciFunction<D>) -> Result<(), QueueError> {
        self.core.running(function)?;
        if self.told == self.put {
            return Ok(());
        }
        // What the index covers is written before it.
        fence(Ordering::Release);
        let at = self.at()[1] + 2;
        // SAFETY: the available ring's index.
        unsafe { self.core.memory.store(at, self.put.to_le()) };
        self.told = self.put;
        self.known = self.used;
        if let Some(bell) = &self.core.bell {
            // SAFETY: every chain before the index is whole.
            unsafe { bell.ring(self.put.into()) };
        }
        Ok(())
    }

    /// Whether the device is to interrupt when it has used a chain. A hint.
    pub(super) fn interrupt(&self, wanted: bool) {
        let flags = if wanted { 0 } else { NO_INTERRUPT };
        // SAFETY: the available ring's flags.
        unsafe { self.core.memory.store(self.at()[1], flags.to_le()) };
        // Seen before the driver looks for what was used: else the device could use a chain unseen, and not interrupt for it
        // (§2.7.7.1).
        fence(Ordering::SeqCst);
    }

    /// Chains that the device has used and that weren't taken.
    pub(super) fn waiting<D>(&self, function: &PciFunction<D>) -> Result<u16, QueueFault> {
        self.core.running(function)?;
        // SAFETY: the used ring's index.
        let index = u16::from_le(unsafe { self.core.memory.load::<u16>(self.at()[2] + 2) });
        let count = index.wrapping_sub(self.seen);
        if count > self.told.wrapping_sub(self.seen) {
            return Err(QueueFault::Count(count));
        }
        Ok(count)
    }

    /// The next chain that the device has used, how many bytes it says it wrote there, and the word that was kept for it.
    pub(super) fn next<D>(
        &mut self,
        function: &PciFunction<D>,
    ) -> Result<Option<(u16, u32, u32)>, QueueFault> {
        if self.waiting(function)? == 0 {
            return Ok(None);
        }
        fence(Ordering::Acquire);
        let slot = usize::from(self.seen) & (self.core.known.entries as usize - 1);
        let element = self.at()[2] + 4 + USED * slot;
        // SAFETY: the ID in an element of the used ring, whose elements are aligned to 4 bytes.
        let id = u32::from_le(unsafe { self.core.memory.load::<u32>(element) });
        // SAFETY: the length, behind it.
        let written = u32::from_le(unsafe { self.core.memory.load::<u32>(element + 4) });
        let links = u32::from(self.links);
        let chain = (id / links) as u16;
        let is_known = id / links < u32::from(self.chains) && self.is_in(&self.known, chain);
        if !id.is_multiple_of(links) || !is_known {
            return Err(QueueFault::Unknown(id as u16));
        }
        // SAFETY: behind the chain's pieces; no device is told of it.
        let [writable, word] = unsafe {
            self.core
                .memory
                .load::<[u32; 2]>(self.kept(chain) + 2 * PIECE)
        };
        // Some say here how much they have read, where they may write nothing.
        let written = if writable == 0 { 0 } else { written };
        if written > writable {
            return Err(QueueFault::Length(written));
        }
        self.seen = self.seen.wrapping_add(1);
        self.known[usize::from(chain) / 64] &= !(1 << (chain % 64));
        self.forget(chain);
        Ok(Some((chain, written, word)))
    }

    /// What stands in a chain's pieces, before and after the data.
    pub(super) fn pieces(&self, chain: u16) -> [Bytes; 2] {
        let mut pieces = [[0; PIECE]; 2];
        for (index, half) in pieces.as_flattened_mut().chunks_exact_mut(8).enumerate() {
            // SAFETY: the chain's pieces, whose place is a multiple of 8.
            let bytes: [u8; 8] = unsafe { self.core.memory.load(self.kept(chain) + 8 * index) };
            half.copy_from_slice(&bytes);
        }
        pieces
    }

    /// The next chain, from `from` on, that is in flight or put.
    pub(super) fn pending(&self, from: u16) -> Option<u16> {
        (from..self.chains).find(|&chain| self.is_in(&self.used, chain))
    }

    /// Chain `chain` is the device's no more: it has used it, or doesn't run.
    pub(super) fn forget(&mut self, chain: u16) {
        self.used[usize::from(chain) / 64] &= !(1 << (chain % 64));
    }
}
