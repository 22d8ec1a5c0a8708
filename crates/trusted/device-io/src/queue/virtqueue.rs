//! A split virtqueue (Virtio 1.2 §2.7): descriptors, available ring and used ring, and the bytes that go before and
//! after the data of each chain.
//!
//! Each chain number has its own fixed descriptors, at most three, which are consecutive.

use core::fmt;
use core::marker::PhantomData;
use core::sync::atomic::{Ordering, fence};

use super::core::Core;
use crate::dma::Held;
use crate::error::{QueueError, QueueFault};
use crate::pci::PciFunction;
use crate::table::step::Known;
use crate::table::{Direction, Piece, Queue, SplitFormat, Table};

/// Descriptor flags (§2.7.5).
const NEXT: u16 = 1;
const WRITE: u16 = 2;
/// Available ring flags (§2.7.6).
const NO_INTERRUPT: u16 = 1;
/// Bytes of a descriptor, and of a used element.
const DESCRIPTOR: usize = 16;
const USED: usize = 8;
/// Bytes of a piece, and of each chain's record. A record is two pieces, the number of bytes that the device may
/// write, and a word of the payload.
const PIECE: usize = 16;
const KEPT: usize = 2 * PIECE + 8;
/// One in four chains always stays free: see [`Virtqueue::free`].
const SPARE: u16 = 4;

/// The content of a piece that the device hasn't written.
const UNWRITTEN: Bytes = [0xFF; PIECE];

/// The bytes of a chain's piece.
pub type Bytes = [u8; PIECE];

/// The data of a chain: bus address, length, direction.
pub(super) type Span = (u64, u32, Direction);

/// A set of chains, by their numbers.
#[derive(Clone, Copy, Default)]
struct Chains([u64; Chains::MOST / 64]);

impl Chains {
    /// The most chains that one queue has.
    const MOST: usize = 256;

    fn has(&self, chain: u16) -> bool {
        let word = self.0.get(usize::from(chain) / 64);
        word.is_some_and(|word| word >> (chain % 64) & 1 != 0)
    }

    fn count(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Returns a chain below `limit` that isn't in the set: the first one at or after `start`, or else the first one
    /// from 0 on.
    fn next_out(&self, start: u16, limit: u16) -> Option<u16> {
        let mut chains = (start..limit).chain(0..start);
        chains.find(|&chain| !self.has(chain))
    }

    fn set(&mut self, chain: u16, is_in: bool) {
        if let Some(word) = self.0.get_mut(usize::from(chain) / 64) {
            *word = *word & !(1 << (chain % 64)) | u64::from(is_in) << (chain % 64);
        }
    }
}

/// The state of a queue.
#[derive(Clone, Copy, Default)]
struct State {
    /// Chains that were put, whether or not the device was told of them.
    used: Chains,
    /// Chains in flight: the device was told of them.
    known: Chains,
    put: u16,
    announced: u16,
    seen: u16,
}

/// Queue `Q` of device `D`'s table: a split virtqueue, of chains with payload `P`. See
/// [`ChainQueue`](super::ChainQueue) and [`PacketQueue`](super::PacketQueue). Its memory and the objects in it belong
/// to the claim: dropping the queue releases nothing.
pub struct Virtqueue<D, const Q: usize, P> {
    pub(super) core: Core,
    pub(super) payload: P,
    chains: u16,
    /// The number after that of the chain that was put last.
    next: u16,
    /// Chains whose record is in the second of its two places.
    second: Chains,
    /// Where descriptors, available ring, used ring, and the records of chains begin.
    at: [usize; 4],
    state: State,
    _device: PhantomData<fn() -> D>,
}

impl<D: Table, const Q: usize, P> Virtqueue<D, Q, P> {
    const QUEUE: &'static Queue = &D::QUEUES[Q];
    pub(super) const FORMAT: &'static SplitFormat = Self::QUEUE.split();
    /// Descriptors of one chain.
    const LINKS: u16 =
        1 + (Self::FORMAT.head.bytes > 0) as u16 + (Self::FORMAT.tail.bytes > 0) as u16;

    /// Returns how many chains a queue of `entries` descriptors has.
    pub(super) const fn chains(entries: u32) -> usize {
        let chains = entries as usize / Self::LINKS as usize;
        if chains < Chains::MOST {
            chains
        } else {
            Chains::MOST
        }
    }

    pub(super) fn with(
        function: &PciFunction<D>,
        (number, entries): (u16, u32),
        payload: P,
        held: Held,
    ) -> Result<Self, QueueError> {
        let chains = Self::chains(entries);
        if !entries.is_power_of_two() || entries > 1 << 15 || chains < 2 {
            return Err(QueueError::BadLength);
        }
        // Aligned to 16, 2, 4 and 8 bytes (§2.7).
        let count = entries as usize;
        let available = count * DESCRIPTOR;
        let used = (available + 6 + 2 * count).next_multiple_of(PIECE);
        let kept = used + (6 + USED * count).next_multiple_of(PIECE);
        let bytes = kept + 2 * chains * KEPT;
        let known = Known::of(number, entries, 0);
        Ok(Self {
            core: Core::new(function, Q, known, bytes, [0, available, used], held)?,
            payload,
            chains: chains as u16,
            next: 0,
            second: Chains::default(),
            at: [0, available, used, kept],
            state: State::default(),
            _device: PhantomData,
        })
    }

    /// Starts the queue by its table's steps, if `is_empty`.
    pub(super) fn start_if(
        &mut self,
        function: &PciFunction<D>,
        chosen: u64,
        is_empty: bool,
    ) -> Result<(), QueueError> {
        let ([.., used, kept], state) = (self.at, &mut self.state);
        let restart = |core: &Core| {
            if is_empty {
                // SAFETY: these are the queue's three parts; it doesn't run (`Core::begin`) (DEV-11).
                unsafe { core.memory.clear(0, kept) };
                for element in 0..core.known.entries as usize {
                    // SAFETY: the ID in an element of the used ring. The ID is all ones, which names no chain, until
                    // the device has written it (DEV-19).
                    unsafe { core.memory.store(used + 4 + USED * element, u32::MAX) };
                }
                *state = State::default();
            }
            is_empty
        };
        self.core.start(function, Self::QUEUE, chosen, restart)
    }

    /// Returns how many chains were put and not taken out again.
    pub fn held(&self) -> usize {
        // The engine counts the set: chains are also taken out of a queue that doesn't run, and then positions do not
        // tell the number.
        self.state.used.count()
    }

    /// Returns how many more chains can be put.
    pub fn room(&self) -> usize {
        let most = self.chains - (self.chains / SPARE).max(1);
        usize::from(most).saturating_sub(self.held())
    }

    /// Returns the chain to put next, if there is room.
    ///
    /// A used element contains only a chain's number. A device may write an element twice or late, even after a
    /// reset. So chains are used in turn, and a start does not begin again with the first one. Some chains always
    /// stay free. Then a stale element names a chain that is not in flight.
    pub(super) fn free(&self) -> Option<u16> {
        let free = self.state.used.next_out(self.next, self.chains);
        free.filter(|_| self.room() > 0)
    }

    /// Returns the lowest chain that was put and not taken out.
    pub(super) fn pending(&self) -> Option<u16> {
        (0..self.chains).find(|&chain| self.state.used.has(chain))
    }

    /// Marks chain `chain` as free. The device has used the chain, or the queue doesn't run.
    pub(super) fn forget(&mut self, chain: u16) {
        self.state.used.set(chain, false);
    }

    /// Returns where a chain's record is. The record alternates between two places, so that a late write of the
    /// device does not land in the pieces of the chain's next use.
    fn kept(&self, chain: u16) -> usize {
        let place = 2 * usize::from(chain) + usize::from(self.second.has(chain));
        self.at[3] + place * KEPT
    }

    /// Returns the index of a position in the available ring or the used ring.
    fn slot(&self, position: u16) -> usize {
        usize::from(position) & (self.core.known.entries as usize - 1)
    }

    /// Puts chain `chain`, which is free. The chain consists of the piece `head`, then `data`, then room for the tail
    /// piece. `word` is kept in its record.
    pub(super) fn put_chain(&mut self, chain: u16, head: &Bytes, data: Option<Span>, word: u32) {
        self.second.set(chain, !self.second.has(chain));
        self.next = (chain + 1) % self.chains;
        let (kept, memory) = (self.kept(chain), &self.core.memory);
        let head = match Self::FORMAT.head.direction {
            Direction::ToDevice => *head,
            Direction::ToHost => UNWRITTEN,
        };
        let pieces = [head, UNWRITTEN];
        for (index, half) in pieces.as_flattened().as_chunks::<8>().0.iter().enumerate() {
            // SAFETY: these are the pieces of the chain, which is free.
            unsafe { memory.store(kept + 8 * index, *half) };
        }
        let piece = |piece: &Piece, at: usize| {
            let address = memory.bus + at as u64;
            (piece.bytes > 0).then_some((address, piece.bytes as u32, piece.direction))
        };
        let (head, tail) = (&Self::FORMAT.head, &Self::FORMAT.tail);
        let spans = [piece(head, kept), data, piece(tail, kept + PIECE)];
        let first = chain * Self::LINKS;
        let last = first + spans.iter().flatten().count() as u16 - 1;
        let mut writable = 0u32;
        for (index, &(address, length, direction)) in (first..).zip(spans.iter().flatten()) {
            let mut flags = if index < last { NEXT } else { 0 };
            if direction == Direction::ToHost {
                flags |= WRITE;
                writable = writable.saturating_add(length);
            }
            let at = usize::from(index) * DESCRIPTOR;
            // SAFETY: a descriptor of this chain. The chain is free, so the device doesn't look at the descriptor
            // before the available ring names it. It points to a piece in the queue's memory, or to bytes that are
            // pinned until the device has used the chain (DEV-9, DEV-28).
            unsafe { memory.store(at, address.to_le()) };
            let rest = u64::from(length) | u64::from(flags) << 32 | u64::from(index + 1) << 48;
            // SAFETY: as above; the length, flags and next fields (§2.7.5).
            unsafe { memory.store(at + 8, rest.to_le()) };
        }
        // SAFETY: behind the pieces in the chain's record.
        unsafe { memory.store(kept + 2 * PIECE, [writable, word]) };
        let at = self.at[1] + 4 + 2 * self.slot(self.state.put);
        // SAFETY: an element of the available ring. The device doesn't look at it before the ring's index covers it,
        // because fewer than `entries` chains are in flight (DEV-12).
        unsafe { memory.store(at, first.to_le()) };
        self.state.used.set(chain, true);
        self.state.put = self.state.put.wrapping_add(1);
    }

    /// Tells the device of all chains that were put. Costs one register write, if anything was put.
    ///
    /// # Errors
    ///
    /// [`QueueError`] if the queue does not run.
    pub fn ring(&mut self, function: &PciFunction<D>) -> Result<(), QueueError> {
        self.core.running(function)?;
        let put = self.state.put;
        if self.state.announced == put {
            return Ok(());
        }
        // All elements that the index covers are written before the index.
        fence(Ordering::Release);
        // SAFETY: this is the available ring's index.
        unsafe { self.core.memory.store(self.at[1] + 2, put.to_le()) };
        (self.state.announced, self.state.known) = (put, self.state.used);
        if let Some(doorbell) = &self.core.doorbell {
            // SAFETY: every chain before the index is whole (DEV-12).
            unsafe { doorbell.ring(put.into()) };
        }
        Ok(())
    }

    /// Tells the device whether to interrupt when it has used a chain. This is only a hint to the device.
    ///
    /// # Errors
    ///
    /// [`QueueError`] if the queue does not run.
    pub fn interrupt(&mut self, function: &PciFunction<D>, wanted: bool) -> Result<(), QueueError> {
        self.core.running(function)?;
        let flags = if wanted { 0 } else { NO_INTERRUPT };
        // SAFETY: these are the available ring's flags.
        unsafe { self.core.memory.store(self.at[1], flags.to_le()) };
        // The device must see the flags before the driver looks for used chains. Otherwise the device could use a
        // chain after that look, and not interrupt for it (§2.7.7.1).
        fence(Ordering::SeqCst);
        Ok(())
    }

    /// Returns the number of chains that the device has used and that weren't taken.
    fn waiting(&self, function: &PciFunction<D>) -> Result<u16, QueueFault> {
        self.core.running(function)?;
        // SAFETY: this is the used ring's index.
        let index = u16::from_le(unsafe { self.core.memory.load(self.at[2] + 2) });
        let count = index.wrapping_sub(self.state.seen);
        if count > self.state.announced.wrapping_sub(self.state.seen) {
            return Err(QueueFault::Count(count));
        }
        Ok(count)
    }

    /// Whether the device has used a chain that wasn't taken.
    ///
    /// # Errors
    ///
    /// [`QueueFault`] if the device has used more chains than it was given: reset it.
    pub fn has_used(&self, function: &PciFunction<D>) -> Result<bool, QueueFault> {
        Ok(self.waiting(function)? > 0)
    }

    /// Takes the next chain that the device has used. Returns the chain's number, the number of bytes that the device
    /// says it wrote there, and the word that was kept for the chain.
    pub(super) fn next_chain(
        &mut self,
        function: &PciFunction<D>,
    ) -> Result<Option<(u16, u32, u32)>, QueueFault> {
        if self.waiting(function)? == 0 {
            return Ok(None);
        }
        fence(Ordering::Acquire);
        let (memory, element) = (
            &self.core.memory,
            self.at[2] + 4 + USED * self.slot(self.state.seen),
        );
        // SAFETY: the ID in an element of the used ring, whose elements are aligned to 4 bytes.
        let id = u32::from_le(unsafe { memory.load(element) });
        // SAFETY: the length, which follows the ID.
        let written = u32::from_le(unsafe { memory.load(element + 4) });
        let (chain, rest) = (id / u32::from(Self::LINKS), id % u32::from(Self::LINKS));
        let chain = u16::try_from(chain).unwrap_or(u16::MAX);
        // A device writes the piece before the data first. If the device has not written that piece, the element
        // repeats an earlier one.
        if rest != 0 || !self.state.known.has(chain) || !self.has_head(chain) {
            return Err(QueueFault::Unknown(id as u16));
        }
        // SAFETY: behind the pieces in the chain's record; no device is told of these words.
        let [writable, word]: [u32; 2] = unsafe { memory.load(self.kept(chain) + 2 * PIECE) };
        // Some devices report a meaningless length for a chain that is only read (§2.7.8.2).
        let written = if writable == 0 { 0 } else { written };
        if written > writable {
            return Err(QueueFault::Length(written));
        }
        // Erases the ID. Otherwise the element would look new when the position comes round to it again.
        // SAFETY: the ID of the element. The device writes this element again only for chains that it has not been
        // told of yet (DEV-19).
        unsafe { memory.store(element, u32::MAX) };
        self.state.seen = self.state.seen.wrapping_add(1);
        self.state.known.set(chain, false);
        self.forget(chain);
        Ok(Some((chain, written, word)))
    }

    /// Whether the device has written the piece before the data. True if the device is not to write that piece.
    fn has_head(&self, chain: u16) -> bool {
        let is_written = Self::FORMAT.head.direction == Direction::ToHost;
        !is_written || Self::FORMAT.head.bytes == 0 || self.pieces(chain)[0] != UNWRITTEN
    }

    /// Returns the content of a chain's pieces, before and after the data.
    pub(super) fn pieces(&self, chain: u16) -> [Bytes; 2] {
        let mut pieces = [[0; PIECE]; 2];
        let halves = pieces.as_flattened_mut().as_chunks_mut::<8>().0;
        for (index, half) in halves.iter_mut().enumerate() {
            // SAFETY: these are the chain's pieces, whose place is a multiple of 8.
            *half = unsafe { self.core.memory.load(self.kept(chain) + 8 * index) };
        }
        pieces
    }
}

impl<D, const Q: usize, P> fmt::Debug for Virtqueue<D, Q, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Virtqueue({})", self.core.known.number)
    }
}
