//! Transmitting: advanced data descriptors, one for each packet (section 7.2.3.2.4).

use core::fmt;

use samara_rref::{Exchangeable, RRef, RRefDeque};

use super::queue::{Queue, QueueError, tx};
use super::{Ixgbe, QUEUES};
use crate::dma::{Open, Refused, RegionError, Ring};
use crate::mmio::Mmio;
use crate::pci::PciFunction;

/// TDWBAL, TDWBAH: descriptors are written back, not the head (section 7.2.3.5.2).
const HEAD_WRITE_BACK: [usize; 2] = [0x38, 0x3C];

/// The second quadword: DTYP 3 from bit 20, DEXT at 29; EOP, IFCS; PAYLEN from bit 46.
const DATA: u64 = 3 << 20 | 1 << 29 | 1 << 24 | 1 << 25;
const PAYLOAD: u32 = 46;
/// RS: report when done. As TXDCTL.WTHRESH is 0, each report is written at once (section 7.2.3.5.1).
const REPORT: u64 = 1 << 27;
/// DD, as it is written back (section 7.2.3.2.4).
const DONE: u64 = 1 << 32;
/// The longest packet that one descriptor takes (section 7.2.1.1).
const LONGEST: usize = 15_872;

/// The descriptor of a frame of `length` bytes at `bus`; `None` if it's too long.
#[inline]
fn describe(bus: u64, length: usize) -> Option<[u64; 2]> {
    let bytes = length as u64;
    (length <= LONGEST).then_some([bus, DATA | bytes | bytes << PAYLOAD])
}

/// The key's kind.
const KIND: u8 = 1;

/// A transmit queue of packets `T`.
pub struct TxRing<T> {
    ring: Ring<T>,
    queue: Queue,
}

impl<T: Exchangeable> TxRing<T> {
    /// A ring of `entries` descriptors, a power of two from 8 to 4096, for transmit queue `queue`.
    ///
    /// # Errors
    ///
    /// [`RegionError`]; a ring for the same queue of the same claim is [`Taken`](RegionError::Taken).
    pub fn new(function: &PciFunction, queue: u16, entries: u32) -> Result<Self, RegionError> {
        if queue >= QUEUES || entries > 4096 {
            return Err(RegionError::BadCount);
        }
        Ok(Self {
            ring: Ring::new(function, (KIND, queue), entries)?,
            queue: Queue::new(tx(queue)),
        })
    }

    /// Enables the queue (section 4.6.8.1).
    ///
    /// # Errors
    ///
    /// [`QueueError`].
    pub fn start(
        &mut self,
        function: &PciFunction,
        registers: &Mmio<'_, Ixgbe>,
    ) -> Result<(), QueueError> {
        let settings = HEAD_WRITE_BACK.map(|register| (register, 0));
        self.queue
            .start(&mut self.ring, function, registers, &settings)
    }

    /// Disables the queue, all of whose packets have been taken back.
    ///
    /// # Errors
    ///
    /// [`QueueError`]; the queue is the device's still, until that is reset.
    pub fn stop(
        &mut self,
        function: &PciFunction,
        registers: &Mmio<'_, Ixgbe>,
    ) -> Result<(), QueueError> {
        if self.queue.runs(function) && self.ring.claim() == function.claim_id() {
            if self.ring.is_forgotten() {
                return Err(QueueError::Forgotten);
            }
            if self.ring.positions.held() != 0 {
                return Err(QueueError::NotDrained);
            }
        }
        self.queue.stop(&self.ring, function, registers)
    }

    /// Packets that it holds at most.
    pub fn capacity(&self) -> u32 {
        self.ring.entries() - 1
    }

    /// How many it holds: to be sent, or sent and not taken back.
    pub fn held(&self) -> u32 {
        self.ring.positions.held()
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
    ) -> Result<Transmitting<'r, T>, RegionError> {
        let Self { ring, queue } = self;
        Ok(Transmitting {
            open: ring.open(function)?,
            queue,
            function,
        })
    }
}

impl<T> fmt::Debug for TxRing<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TxRing({:?})", self.queue)
    }
}

/// A transmit queue opened for a batch of work.
pub struct Transmitting<'r, T> {
    open: Open<'r, T>,
    queue: &'r Queue,
    function: &'r PciFunction,
}

/// Whether a packet is done; looks whether the oldest group is, if none was.
#[inline]
fn has_sent<T: Exchangeable>(open: &mut Open<'_, T>) -> bool {
    if open.positions.ready() != 0 {
        return true;
    }
    let Some(end) = open.end() else {
        return false;
    };
    open.load(end, true) & DONE != 0 && open.positions.complete(end)
}

impl<T: Exchangeable> Transmitting<'_, T> {
    /// How many packets can be put in.
    #[inline]
    pub fn room(&self) -> usize {
        self.open.positions.room() as usize
    }

    /// Puts a packet in to be sent: the bytes in it that `frame` chooses, whose length is the frame's. The
    /// device learns of it by [`publish`](Self::publish).
    ///
    /// # Errors
    ///
    /// Gives the packet back if the frame is empty or too long ([`Refused::Empty`]), the ring is full, or
    /// the device can't reach it.
    #[inline]
    pub fn put(
        &mut self,
        packet: RRef<T>,
        frame: impl FnOnce(&mut T) -> &mut [u8],
    ) -> Result<(), (Refused, RRef<T>)> {
        self.open.put(packet, frame, describe)
    }

    /// Whether a packet that was sent can be taken back now.
    #[inline]
    pub fn has_sent(&mut self) -> bool {
        has_sent(&mut self.open)
    }

    /// Trades frames of `batch`, from the first on, for packets that were sent, until there's none: each of `batch`
    /// is [`put`](Self::put) in and has its place taken. `frame` may end it, as does a packet that's
    /// refused. How many were traded.
    #[inline]
    pub fn trade<const N: usize>(
        &mut self,
        batch: &mut RRefDeque<T, N>,
        frame: impl Fn(&mut T) -> Option<&mut [u8]>,
    ) -> usize {
        self.open
            .trade(batch, |_, into| frame(into), describe, has_sent)
    }

    /// Tells the device of what was put in since, and asks for one report when all of that is done. One
    /// register write, if there's anything.
    #[inline]
    pub fn publish(&mut self, registers: &Mmio<'_, Ixgbe>) {
        if registers.control().claim() == self.function.claim_id()
            && let Some(tail) = self.open.publish(REPORT)
        {
            self.queue.tell(registers, tail);
        }
    }

    /// Takes the next packet back that was sent.
    #[inline]
    pub fn reclaim(&mut self) -> Option<RRef<T>> {
        if !self.has_sent() {
            return None;
        }
        self.open.take()
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
