//! Receiving: advanced descriptors of one buffer each (section 7.1.6).

use core::fmt;

use samara_rref::{Exchangeable, RRef, RRefDeque};

use super::queue::{Queue, QueueError, rx};
use super::{Ixgbe, QUEUES};
use crate::dma::{Open, Refused, RegionError, Ring};
use crate::mmio::Mmio;
use crate::pci::PciFunction;

/// SRRCTL: buffer size in KiB from bit 0, descriptor type 1 (advanced, one buffer) from bit 25, and bit
/// 28: drop what finds no descriptor (section 8.2.3.8.5).
const SRRCTL: usize = 0x14;
const SRRCTL_ADVANCED: u32 = 1 << 25;
const SRRCTL_DROP: u32 = 1 << 28;
/// DCA_RXCTRL: no direct cache access; bit 12, set by a reset, is to be cleared (section 8.2.3.11.1).
const DCA_RXCTRL: usize = 0x0C;
/// RSCCTL: no coalescing, which would write several buffers as one (section 8.2.3.8.13).
const RSCCTL: usize = 0x2C;

/// The descriptor as it is written back, second quadword (section 7.1.6.2).
const DONE: u64 = 1 << 0;
const END_OF_PACKET: u64 = 1 << 1;
/// RXE: the MAC found the frame damaged.
const MAC_ERROR: u64 = 1 << 29;

/// The key's kind.
const KIND: u8 = 0;

/// A receive queue of packets `T`.
pub struct RxRing<T> {
    ring: Ring<T>,
    queue: Queue,
    /// Bytes that the device may write into each buffer.
    buffer: usize,
}

/// What a descriptor says of the packet it came with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received {
    words: u64,
    buffer: usize,
}

/// Why what was received is no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Damage {
    /// The device says that it's damaged.
    Error,
    /// It doesn't end in this buffer.
    Fragment,
    /// Its length is 0, or more than the buffer has: the device is.
    Length,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "the frame is damaged: drop it",
            Self::Fragment => "the frame does not end in this buffer: drop all of it",
            Self::Length => "the device says that it wrote more than it was given: reset it",
        })
    }
}

impl core::error::Error for Damage {}

impl Received {
    /// Bytes of the frame in the buffer, of which there are as many.
    ///
    /// # Errors
    ///
    /// [`Damage`].
    #[inline]
    pub fn frame(self) -> Result<usize, Damage> {
        let length = (self.words >> 32 & 0xFFFF) as usize;
        if length == 0 || length > self.buffer {
            return Err(Damage::Length);
        }
        match self.words & (END_OF_PACKET | MAC_ERROR) {
            END_OF_PACKET => Ok(length),
            0 => Err(Damage::Fragment),
            _ => Err(Damage::Error),
        }
    }

    /// Whether the packet ends in this buffer.
    #[inline]
    pub fn is_last(self) -> bool {
        self.words & END_OF_PACKET != 0
    }
}

impl<T: Exchangeable> RxRing<T> {
    /// A ring of `entries` descriptors, a power of two from 8 to 4096, for receive queue `queue`, into
    /// buffers of `buffer` bytes, a whole number of KiB from 1 to 16.
    ///
    /// # Errors
    ///
    /// [`RegionError`]; a ring for the same queue of the same claim is [`Taken`](RegionError::Taken).
    pub fn new(
        function: &PciFunction,
        queue: u16,
        entries: u32,
        buffer: usize,
    ) -> Result<Self, RegionError> {
        if queue >= QUEUES
            || entries > 4096
            || !matches!((buffer >> 10, buffer & 1023), (1..=16, 0))
        {
            return Err(RegionError::BadCount);
        }
        Ok(Self {
            ring: Ring::new(function, (KIND, queue), entries)?,
            queue: Queue::new(rx(queue)),
            buffer,
        })
    }

    /// Enables the queue (section 4.6.7.1): fill it then. `drop` has what finds no buffer dropped instead
    /// of waiting, in all queues' way, for one.
    ///
    /// # Errors
    ///
    /// [`QueueError`].
    pub fn start(
        &mut self,
        function: &PciFunction,
        registers: &Mmio<'_, Ixgbe>,
        drop: bool,
    ) -> Result<(), QueueError> {
        let size = (self.buffer >> 10) as u32;
        let drop = if drop { SRRCTL_DROP } else { 0 };
        let settings = [
            (SRRCTL, size | SRRCTL_ADVANCED | drop),
            (DCA_RXCTRL, 0),
            (RSCCTL, 0),
        ];
        self.queue
            .start(&mut self.ring, function, registers, &settings)
    }

    /// Disables the queue and waits until the device is done with its memory: some milliseconds.
    ///
    /// # Errors
    ///
    /// [`QueueError`]; the queue is the device's still, until that is reset.
    pub fn stop(
        &mut self,
        function: &PciFunction,
        registers: &Mmio<'_, Ixgbe>,
    ) -> Result<(), QueueError> {
        self.queue.stop(&self.ring, function, registers)
    }

    /// Opens the queue for a batch of work.
    ///
    /// # Errors
    ///
    /// [`RegionError::Foreign`] if `function` isn't the ring's, or not the running domain's.
    #[inline]
    pub fn open<'r>(
        &'r mut self,
        function: &'r PciFunction,
    ) -> Result<Receiving<'r, T>, RegionError> {
        let Self {
            ring,
            queue,
            buffer,
        } = self;
        Ok(Receiving {
            open: ring.open(function)?,
            queue,
            function,
            buffer: *buffer,
        })
    }
}

impl<T> fmt::Debug for RxRing<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RxRing({:?})", self.queue)
    }
}

/// A receive queue opened for a batch of work.
pub struct Receiving<'r, T> {
    open: Open<'r, T>,
    queue: &'r Queue,
    function: &'r PciFunction,
    buffer: usize,
}

/// The second quadword of the next descriptor; if it is [`DONE`], its packet may be taken.
#[inline]
fn next<T: Exchangeable>(open: &mut Open<'_, T>) -> u64 {
    if let Some(index) = open.positions.oldest() {
        return open.load(index, true);
    }
    let Some(index) = open.positions.pending() else {
        return 0;
    };
    let words = open.load(index, true);
    if words & DONE != 0 {
        open.positions.complete(index);
    }
    words
}

/// Has the line loaded that `object` begins with. Who gets a packet notes its length there, in a line that its former
/// round through the ring has driven out of the cache: the store would hold up those behind it.
#[inline]
fn prefetch<T>(object: &T) {
    #[cfg(target_arch = "x86_64")]
    {
        use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a hint, on an address that is valid besides.
        unsafe { _mm_prefetch::<_MM_HINT_T0>((&raw const *object).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = object;
}

impl<T: Exchangeable> Receiving<'_, T> {
    /// How many packets can be put in.
    #[inline]
    pub fn room(&self) -> usize {
        self.open.positions.room() as usize
    }

    /// Puts a packet in to be received into: from the start of the bytes in it that `bytes` chooses. The
    /// device learns of it by [`publish`](Self::publish).
    ///
    /// # Errors
    ///
    /// Gives the packet back if the bytes are fewer than the ring's buffers have
    /// ([`Refused::Empty`]), the ring is full, or the device can't reach it.
    #[inline]
    pub fn put(
        &mut self,
        packet: RRef<T>,
        bytes: impl FnOnce(&mut T) -> &mut [u8],
    ) -> Result<(), (Refused, RRef<T>)> {
        let buffer = self.buffer;
        let describe = |bus, length| (length >= buffer).then_some([bus, 0]);
        self.open.put(packet, bytes, describe)
    }

    /// What the device says of the next packet that it's done with.
    #[inline]
    pub fn arrived(&mut self) -> Option<Received> {
        let words = next(&mut self.open);
        let buffer = self.buffer;
        (words & DONE != 0).then_some(Received { words, buffer })
    }

    /// Takes the packet out that has [`arrived`](Self::arrived).
    #[inline]
    pub fn take(&mut self) -> Option<RRef<T>> {
        self.open.take()
    }

    /// Trades packets of `batch`, from the first on, for packets that have [`arrived`](Self::arrived), until there's
    /// none: each of `batch` is [`put`](Self::put) in and has its place taken. `prepare` is shown what the
    /// device says and the packet, and may end it, as does a packet that's refused. How many were traded.
    #[inline]
    pub fn trade<const N: usize>(
        &mut self,
        batch: &mut RRefDeque<T, N>,
        mut prepare: impl FnMut(Received, &mut T) -> bool,
        bytes: impl Fn(&mut T) -> &mut [u8],
    ) -> usize {
        let buffer = self.buffer;
        let seen = core::cell::Cell::new(0);
        self.open.trade(
            batch,
            |out, into| {
                prefetch(out);
                let words = seen.get();
                prepare(Received { words, buffer }, out).then(|| bytes(into))
            },
            |bus, length| (length >= buffer).then_some([bus, 0]),
            |open| {
                let words = next(open);
                seen.set(words);
                words & DONE != 0
            },
        )
    }

    /// Whether the device is done with a packet behind the next one, but not with that: it lost a report,
    /// or is about to write it. A look at every descriptor.
    pub fn is_out_of_order(&self) -> bool {
        let positions = &self.open.positions;
        let Some(next) = positions.pending() else {
            return false;
        };
        let done = |distance: u32| self.open.load(next.wrapping_add(distance), true) & DONE != 0;
        !done(0) && (1..positions.held()).any(done)
    }

    /// Tells the device of what was put in since. One register write, if there's anything.
    #[inline]
    pub fn publish(&mut self, registers: &Mmio<'_, Ixgbe>) {
        if registers.control().claim() == self.function.claim_id()
            && let Some(tail) = self.open.publish(0)
        {
            self.queue.tell(registers, tail);
        }
    }

    /// Takes a packet out of a queue that doesn't run: never started, stopped, or reset since.
    pub fn take_back(&mut self) -> Option<RRef<T>> {
        if self.queue.runs(self.function) {
            return None;
        }
        self.open.positions.complete_all();
        self.open.take()
    }
}
