//! A split virtqueue whose chains are objects that move in and out: packets.

use core::fmt;
use core::marker::PhantomData;

use samara_rref::{Exchangeable, RRef};

use super::core::{QueueError, QueueFault};
use super::split::{Bytes, Split};
use crate::dma::{Refused, Slots, locate};
use crate::pci::PciFunction;
use crate::table::{Direction, Format, Queue, SplitFormat, Table};

/// Queue `Q` of device `D`'s table, a split virtqueue, of chains that are objects `T`. Its memory, and the objects in it, belong to
/// the claim: dropping it releases nothing.
pub struct PacketQueue<D, const Q: usize, T> {
    split: Split,
    slots: Slots<T>,
    _device: PhantomData<fn() -> D>,
}

/// What the device says of a packet that it has used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Used {
    /// Bytes that the device says it wrote, the piece before the data included.
    pub written: u32,
    /// What stands in the piece before the data.
    pub head: Bytes,
}

impl<D: Table, const Q: usize, T: Exchangeable> PacketQueue<D, Q, T> {
    const QUEUE: &'static Queue = &D::QUEUES[Q];
    const FORMAT: SplitFormat = match Self::QUEUE.format {
        Format::Split(format) => format,
        _ => panic!("the table's queue is no split virtqueue"),
    };

    /// Queue `number`, of `entries` descriptors, a power of two.
    ///
    /// # Errors
    ///
    /// [`QueueError`]; a second one of the same claim is [`Taken`](QueueError::Taken).
    pub fn new(function: &PciFunction<D>, number: u16, entries: u32) -> Result<Self, QueueError> {
        // Bounded here: a driver's number.
        let entries_here = entries.min(Self::QUEUE.entries.1);
        let chains = Split::chains(&Self::FORMAT, entries_here).max(1);
        let (pins, slots) = Slots::new(chains).map_err(QueueError::Alloc)?;
        let split = Split::new(function, Q, Self::FORMAT, (number, entries), Some(pins))?;
        Ok(Self {
            split,
            slots,
            _device: PhantomData,
        })
    }

    /// Starts the queue by its table's steps; it must be empty. The driver chooses bits that the steps leave to it.
    ///
    /// # Errors
    ///
    /// [`QueueError`].
    pub fn start(&mut self, function: &PciFunction<D>, chosen: u64) -> Result<(), QueueError> {
        let is_empty = self.split.pending(0).is_none();
        self.split.start(function, Self::QUEUE, chosen, || is_empty)
    }

    /// Packets that can be put.
    pub fn room(&self) -> usize {
        self.split.room()
    }

    /// Packets in the queue.
    pub fn held(&self) -> usize {
        self.split.in_flight().into()
    }

    /// Puts a packet: `head` goes before the bytes in it that `bytes` chooses. The device learns of it by [`ring`](Self::ring).
    ///
    /// # Errors
    ///
    /// Gives the packet back if the queue is full, doesn't run or isn't the function's ([`Refused::Full`]), the bytes are none of
    /// the packet's ([`Refused::Empty`]), or the device can't reach them.
    pub fn put(
        &mut self,
        function: &PciFunction<D>,
        head: &Bytes,
        direction: Direction,
        mut packet: RRef<T>,
        bytes: impl FnOnce(&mut T) -> &mut [u8],
    ) -> Result<(), (Refused, RRef<T>)> {
        let usable = self.split.core.own(function).is_ok() && self.split.core.runs(function);
        let Some(chain) = self.split.free().filter(|_| usable) else {
            return Err((Refused::Full, packet));
        };
        let start = (&raw const *packet).addr();
        let linear = function.linear();
        let (bus, length) = match locate::<D, T>(function, linear, start, bytes(&mut packet)) {
            Ok(located) => located,
            Err(refused) => return Err((refused, packet)),
        };
        let Ok(length) = u32::try_from(length) else {
            return Err((Refused::Empty, packet));
        };
        // SAFETY: a free chain's number is below the number of slots, and its slot vacant; the claim is the running domain's
        // (`own`) as long as the function is borrowed. The packet is given up to this.
        unsafe { self.slots.pin(chain.into(), RRef::into_raw(packet)) };
        self.split
            .put(chain, head, Some((bus, length, direction)), 0);
        Ok(())
    }

    /// Tells the device of all that was put. One register write, if there's anything.
    ///
    /// # Errors
    ///
    /// [`QueueError`] if the queue does not run.
    pub fn ring(&mut self, function: &PciFunction<D>) -> Result<(), QueueError> {
        self.split.ring(function)
    }

    /// Whether the device is to interrupt when it has used a packet. A hint.
    ///
    /// # Errors
    ///
    /// [`QueueError`] if the queue does not run.
    pub fn interrupt(&mut self, function: &PciFunction<D>, wanted: bool) -> Result<(), QueueError> {
        self.split.core.running(function)?;
        self.split.interrupt(wanted);
        Ok(())
    }

    /// Whether the device has used a packet that wasn't taken.
    ///
    /// # Errors
    ///
    /// [`QueueFault`] if the device has used more than it was given: reset it.
    pub fn has_used(&self, function: &PciFunction<D>) -> Result<bool, QueueFault> {
        Ok(self.split.waiting(function)? > 0)
    }

    /// Takes the next packet out that the device has used.
    ///
    /// # Errors
    ///
    /// [`QueueFault`] if the device has used what it wasn't given: reset it.
    pub fn next(
        &mut self,
        function: &PciFunction<D>,
    ) -> Result<Option<(RRef<T>, Used)>, QueueFault> {
        let owner = self.split.core.own(function)?;
        let Some((chain, written, _)) = self.split.next(function)? else {
            return Ok(None);
        };
        let [head, _] = self.split.pieces(chain);
        // SAFETY: below the number of slots; the claim is the running domain's (`own`), and the device has used the chain.
        let packet = unsafe { self.slots.take(chain.into(), owner) };
        Ok(packet.map(|packet| (packet, Used { written, head })))
    }

    /// Takes a packet out of a queue that doesn't run: never started, or reset since.
    ///
    /// # Errors
    ///
    /// [`QueueError::Foreign`] if `function` isn't the queue's, or not the running domain's; [`QueueError::Started`] if it runs.
    pub fn take_back(&mut self, function: &PciFunction<D>) -> Result<Option<RRef<T>>, QueueError> {
        let owner = self.split.core.own(function)?;
        if self.split.core.runs(function) {
            return Err(QueueError::Started);
        }
        let Some(chain) = self.split.pending(0) else {
            return Ok(None);
        };
        self.split.forget(chain);
        // SAFETY: below the number of slots; the claim is the running domain's (`own`), and the queue doesn't run.
        Ok(unsafe { self.slots.take(chain.into(), owner) })
    }
}

impl<D, const Q: usize, T> fmt::Debug for PacketQueue<D, Q, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PacketQueue({:?})", self.split.core)
    }
}
